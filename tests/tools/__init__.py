"""Programs for developers; nothing deployed and no test imports them."""
