"""The characters of French mail, as our readers know them."""

CHARSET = (
    "0123456789"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    "ÀÂÄÆÇÈÉÊËÎÏÔÖÙÛÜŸŒàâäæçèéêëîïôöùûüÿœ"
    "!\"#$%&'()*+,-./:;<=>?@[\\]_`{|}~"
    "«»’‘“”–—…€£§°²³·•½×±☐☑"
)
