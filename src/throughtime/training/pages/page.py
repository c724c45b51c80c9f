"""Pages that need nothing but themselves, in colours that follow the reader's light or dark theme. Loads no torch."""

from __future__ import annotations

from html import escape

__all__ = ["STYLE", "alone", "document", "figure"]

LIGHT = """--back: #fbfaf8; --card: #ffffff; --text: #22252b; --quiet: #6a6f79; --line: #d9d7d2; --train: #8a93a6;
  --valid: #c2410c; --c1: #0072b2; --c2: #d55e00; --c3: #009e73; --c4: #b0508a; --c5: #c98a00; --c6: #3f97cf;"""
DARK = """--back: #14161a; --card: #1c1f25; --text: #e6e4df; --quiet: #9aa0ab; --line: #3a3f49; --train: #7f8aa3;
  --valid: #fb923c; --c1: #4ea8de; --c2: #ff8a3d; --c3: #2ec99a; --c4: #e29cc4; --c5: #ffc045; --c6: #9bd7f7;"""
STYLE = (
    f""":root {{ color-scheme: light dark; {LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
"""
    + """\
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 54rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p.quiet, figcaption, dt, .sample header { color: var(--quiet); font-size: .9rem; margin: .2rem 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
.facts div, figure, .sample { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.facts div { padding: .7rem .9rem; } .facts dd { margin: 0; font-size: 1.15rem; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
figure { margin: 0 0 .75rem; padding: .75rem; } figure svg { width: 100%; height: auto; display: block; }
.sample { margin: 0 0 .75rem; overflow: hidden; } .sample header { padding: .5rem .9rem 0; margin: 0; }
pre { margin: 0; padding: .5rem .9rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere;
  font: .85rem/1.5 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td { border-top: 1px solid var(--line); padding: .3rem .6rem .3rem 0; vertical-align: top; overflow-wrap: anywhere; }
td:first-child { color: var(--quiet); width: 14rem; }
.sample dl { margin: 0; padding: .5rem .9rem .8rem; display: grid; grid-template-columns: 7rem 1fr; gap: .2rem .6rem; }
.sample dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.sample svg { width: 100%; height: auto; display: block; }
"""
)
"""Colours and forms; pictures drawn in a page take ``--line``, ``--train``, ``--valid`` and the like."""
ALONE = f"""svg {{ {LIGHT} color: var(--text); background: var(--card); }}
@media (prefers-color-scheme: dark) {{ svg {{ {DARK} }} }}"""
"""The same for a picture that stands in no page."""


def document(title: str, inside: str) -> str:
    """Write a whole page.

    Args:
        title: its title, and the headline; it is escaped.
        inside: HTML that stands below.

    Returns:
        HTML.

    Example:
        >>> "<h1>a &lt; b</h1>" in document("a < b", "<p>so</p>")
        True
    """
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{STYLE}</style>
</head>
<body><main>
<h1>{escape(title)}</h1>
{inside}
</main></body>
</html>
"""


def alone(picture: str) -> str:
    """Let a picture that stands in no page follow the reader's theme.

    Args:
        picture: an SVG element.

    Returns:
        The same with colours of its own, for a light and for a dark theme.

    Example:
        >>> alone("<svg a='b'><g/></svg>").startswith("<svg a='b'><style>svg {")
        True
    """
    head, rest = picture.split(">", 1)
    return f"{head}><style>{ALONE}</style>{rest}"


def figure(name: str, picture: str) -> str:
    """Put a picture into a page.

    Args:
        name: what it shows, for those who do not see it; it is escaped.
        picture: an SVG element.

    Returns:
        HTML.

    Example:
        >>> figure("loss", "<svg/>")
        '<figure role="img" aria-label="loss"><svg/></figure>'
    """
    return f'<figure role="img" aria-label="{escape(name)}">{picture}</figure>'
