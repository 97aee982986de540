"""What can go wrong with plugins, each with a name to catch."""

__all__ = ["BrokenPlugin", "DuplicateProvider", "PluginError", "PluginNotFound", "PluginWarning"]


class PluginWarning(UserWarning):
    """An installed plugin cannot be used; the message names plugin, distribution, cause and cure."""


class PluginError(RuntimeError):
    """Something asked of a plugin cannot be done."""


class PluginNotFound(PluginError):
    """No installed distribution has the plugin or provides the name."""


class DuplicateProvider(PluginError):
    """Two distributions claim the same name; the order in which they were installed must not decide.

    Attributes:
        cause: who claims what.
        cure: what to do about it.
    """

    def __init__(self, cause: str, cure: str):
        super().__init__(f"{cause}\nCure: {cure}")
        self.cause, self.cure = cause, cure

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.cause, self.cure)


class BrokenPlugin(PluginError):
    """The plugin is installed but cannot be used.

    Attributes:
        cause: what is wrong, in one sentence.
        cure: what to do about it.
    """

    def __init__(self, plugin: str, distribution: str, cause: str, cure: str):
        super().__init__(f"Plugin {plugin!r} of {distribution} cannot be used: {cause}\nCure: {cure}")
        self.plugin, self.distribution, self.cause, self.cure = plugin, distribution, cause, cure

    def again(self) -> "BrokenPlugin":
        """A new error that says the same, without the traceback of this one."""
        return BrokenPlugin(self.plugin, self.distribution, self.cause, self.cure)

    def __reduce__(self) -> tuple[type, tuple[str, str, str, str]]:
        return type(self), (self.plugin, self.distribution, self.cause, self.cure)
