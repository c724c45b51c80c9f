"""Which demos there are, in the order in which the help page names them."""

from __future__ import annotations

from throughtime.cli.demos import (
    answer,
    caption,
    code,
    digits,
    generate,
    hello,
    memory,
    moving,
    music,
    names,
    stock,
    translate,
    vanishing,
    weather,
)
from throughtime.cli.demos.demo import Demo

__all__ = ["DEMOS"]

DEMOS: dict[str, Demo] = {
    "generate": generate.DEMO,
    "hello": hello.DEMO,
    "names": names.DEMO,
    "music": music.DEMO,
    "digits": digits.DEMO,
    "code": code.DEMO,
    "moving": moving.DEMO,
    "translate": translate.DEMO,
    "caption": caption.DEMO,
    "answer": answer.DEMO,
    "weather": weather.DEMO,
    "stock": stock.DEMO,
    "memory": memory.DEMO,
    "vanishing": vanishing.DEMO,
}
