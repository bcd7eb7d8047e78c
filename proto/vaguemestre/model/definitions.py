"""What a form, or a plan, that cannot be used raises; the caller says whose fault that is."""


class DefinitionInvalid(ValueError):
    """A definition does not follow its schema, or contradicts itself; the message says where."""
