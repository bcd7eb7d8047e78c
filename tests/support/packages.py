"""Packages for tests, and what is in them."""

from central.delivery.package import Package, Part


def package(
    document_id: str,
    key: str,
    pdf: bytes = b"pdf",
    json: bytes = b"{}",
    xml: bytes = b"<document/>",
    content: str = "",
) -> Package:
    """Make a package of a few bytes."""
    of = Part.of_bytes
    return Package(document_id, key, of(pdf), of(json), of(xml), content)


def files_of(package: Package) -> dict[str, bytes]:
    """Content by file name."""
    return {name: part.read() for name, part in package.files.items()}
