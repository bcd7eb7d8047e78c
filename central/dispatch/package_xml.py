"""A package's content as XML, the same facts as its JSON; docs/package.xsd tells the form."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

_GROUPS = {"pages": "page", "fields": "field"}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_xml(content: Mapping[str, Any]) -> bytes:
    """Write the document; what is None is left out."""
    root = ET.Element("document")
    for name, value in content.items():
        if value is None:
            continue
        if name in _GROUPS:
            group = ET.SubElement(root, name)
            for entry in value:
                ET.SubElement(group, _GROUPS[name], _attributes(entry))
        elif name == "marks":
            _texts(ET.SubElement(root, name), "mark", value)
        elif name == "versions":
            group = ET.SubElement(root, name)
            for part, version in value.items():
                ET.SubElement(group, "version", _attributes({"name": part, "value": version}))
        elif name == "route":
            _texts(ET.SubElement(root, name, {"kind": value["kind"]}), "reason", value["reasons"])
        elif name == "supersedes":
            _supersedes(root, value)
        elif isinstance(value, Mapping):
            ET.SubElement(root, name, _attributes(value))
        else:
            ET.SubElement(root, name).text = _text(value)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _supersedes(root: ET.Element, value: Mapping[str, Any]) -> None:
    plain = {name: told for name, told in value.items() if name != "changed"}
    group = ET.SubElement(root, "supersedes", _attributes(plain))
    for change in value["changed"]:
        ET.SubElement(group, "changed", _attributes(change))


def _texts(parent: ET.Element, name: str, values: list[str]) -> None:
    for value in values:
        ET.SubElement(parent, name).text = _text(value)


def _attributes(entry: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in entry.items() if value is not None}


def _text(value: object) -> str:
    """XML holds no control characters; readers may have seen some."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _NOT_IN_XML.sub("", text)
