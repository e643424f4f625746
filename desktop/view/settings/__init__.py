"""The settings: one window with sections, each a module of this package.

To add a section, write a module with ``build(parent, desk) -> tk.Frame`` that fills a frame as `about` does, and add a line to
`sections.SECTIONS`. The frame is made anew whenever the section is opened or the look changes; what a person changes takes effect
at once, through `desk.settings` (kept on this computer) or `desk.intents` (asked of the relay). What comes later from outside is
told to the open panel by `Window`, which finds it by its class: see `Window.show_notifier`. A group of choices that belongs to a
section which is there (where files are put, say) is a few lines in that section's module.
"""
