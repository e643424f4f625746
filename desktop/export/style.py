"""How the exported page looks: the window's colours by CSS, light and dark as the reader's system is, and plain on paper."""

from __future__ import annotations

from typing import Final

from desktop.view.tokens import AVATAR_GRADIENTS, DARK, LIGHT, Palette

_ROLES: Final = (
    "window", "timeline", "day", "other", "own", "text", "text2", "text3", "own_text2", "accent", "on_accent",
    "accent_text", "link", "link_own", "code", "code_own", "quote", "quote_own", "chip", "chip_own", "border", "danger",
    "warn_text",
)  # fmt: skip

_RULES: Final = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--timeline);color:var(--text);font:14px/1.45 "Segoe UI","SF Pro Text",Inter,"Noto Sans",
"DejaVu Sans","Noto Color Emoji","Segoe UI Emoji","Apple Color Emoji",sans-serif;overflow-wrap:anywhere}
main,.top,.walk{max-width:860px;margin:0 auto;padding:0 16px}
.top{background:var(--window);border:1px solid var(--border);border-radius:12px;margin:16px auto;padding:20px 24px}
h1{font-size:20px;line-height:1.25;margin:0 0 4px}
h2{font-size:15px;margin:20px 0 6px}
.topic{color:var(--text2);margin:0 0 10px}
dl{display:grid;grid-template-columns:auto 1fr;gap:3px 14px;margin:12px 0 0;font-size:13px}
dt{color:var(--text2)}
dd{margin:0}
.warn{color:var(--warn_text)}
.own .f .lost{color:var(--danger)}
.top ul{margin:0;padding:0;list-style:none;font-size:13px}
.months{columns:3 180px}
.months span,.pins span{color:var(--text2)}
a{color:var(--link)}
.walk{display:flex;gap:18px;justify-content:space-between;padding:12px 16px;font-size:13px;color:var(--text2)}
.month{font-size:17px;text-align:center;margin:28px 0 4px}
.day{width:max-content;max-width:100%;margin:16px auto 10px;padding:2px 12px;border-radius:12px;background:var(--day);
color:var(--text2);font-size:12px;font-weight:600}
.note{text-align:center;color:var(--text2);font-size:12px;margin:8px 0}
.note time{color:var(--text3)}
.gap{text-align:center;color:var(--warn_text);font-size:12px;margin:14px 0;border-block:1px dashed var(--border);padding:6px}
.m{display:grid;grid-template-columns:36px minmax(0,max-content);column-gap:10px;margin:2px 0 0;padding-right:46px}
.m.first{margin-top:10px}
.m.own{grid-template-columns:minmax(0,max-content);justify-content:end;padding:0 0 0 46px}
.av{grid-column:1;width:36px;height:36px;border-radius:50%;color:#fff;font-weight:600;font-size:14px;display:grid;
place-items:center}
.b{grid-column:2;background:var(--other);border-radius:14px;padding:8px 12px 6px;max-width:560px;min-width:90px}
.own .b{grid-column:1;background:var(--own)}
.m:target .b{outline:2px solid var(--accent)}
.who{font-weight:600;font-size:13px}
.via,.fwd{color:var(--text2);font-size:12px}
.q{display:block;border-left:3px solid;border-radius:0 6px 6px 0;background:var(--quote);padding:4px 10px;margin:3px 0 5px;
font-size:12px;text-decoration:none;color:inherit}
.q b,.q span{display:block}
.q b{color:var(--text)}
.q span{color:var(--text2)}
.own .q{background:var(--quote_own)}
.own .q span{color:var(--own_text2)}
.t p,.t pre{margin:0;white-space:pre-wrap}
.t .blank{margin-top:1.45em}
.t pre,.t code{font-family:"Cascadia Mono",Consolas,Menlo,"DejaVu Sans Mono",monospace;font-size:13px;
background:var(--code);border-radius:6px}
.t pre{padding:6px 9px;margin:3px 0}
.t code{padding:0 3px}
.own .t pre,.own .t code{background:var(--code_own)}
.t blockquote{margin:3px 0;padding-left:10px;border-left:3px solid var(--accent)}
.t .i1{margin-left:18px}.t .i2{margin-left:36px}.t .i3{margin-left:54px}.t .i4{margin-left:72px}
.k{display:inline-block;min-width:18px;margin-left:-18px}
.own a{color:var(--link_own)}
.me{color:var(--accent_text);font-weight:600}
.gone{color:var(--text2);font-style:italic}
.f{margin:4px 0;font-size:13px}
.f img{display:block;max-width:min(100%,420px);max-height:480px;width:auto;height:auto;border-radius:8px;margin:2px 0}
.f span{color:var(--text2)}
.own .f span{color:var(--own_text2)}
.f .lost{color:var(--danger)}
.e{display:flex;flex-wrap:wrap;gap:6px;align-items:center;justify-content:flex-end;font-size:11px;color:var(--text3);
margin-top:2px}
.own .e{color:var(--own_text2)}
.r{background:var(--chip);color:var(--text);border-radius:12px;padding:1px 8px;font-size:13px;cursor:default}
.own .r{background:var(--chip_own)}
.r:first-child{margin-left:0}
.r+time,.r+.ed{margin-left:auto}
@media print{
body{background:#fff;font-size:11pt}
main,.top,.walk{max-width:none;padding:0}
.top{border:0;margin:0 0 12pt}
.walk,.contents{display:none}
.b{border:1px solid var(--border);max-width:140mm;min-width:0}
.m,.note,.gap{break-inside:avoid}
.long{break-inside:auto}
.day,.month{break-after:avoid}
.f img{max-height:9cm}
a[href^="http"]:not([data-same])::after,a[href^="mailto"]:not([data-same])::after{content:" (" attr(href) ")";font-size:smaller}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
@page{margin:16mm}
"""


def style() -> str:
    """All of it, to stand within a ``style`` element."""
    light, dark = _variables(LIGHT), _variables(DARK)
    avatars = "".join(
        f".c{at} .av{{background:linear-gradient({top},{bottom})}}" for at, (top, bottom) in enumerate(AVATAR_GRADIENTS)
    )
    names = "".join(f".c{at} .who,.q.c{at}{{color:var(--n{at})}}" for at in range(len(LIGHT.names)))
    return (
        f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f"{_RULES}{avatars}{names}@media print{{:root{{color-scheme:light}}}}"
    )


def _variables(palette: Palette) -> str:
    roles = "".join(f"--{role}:{getattr(palette, role)};" for role in _ROLES)
    return roles + "".join(f"--n{at}:{colour};" for at, colour in enumerate(palette.names))
