"""What a run of a language model can be asked for: to write on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from throughtime.decoding.expected import Expected
from throughtime.doors import taking
from throughtime.errors import UsageError
from throughtime.runs.opened_run import OpenedRun

__all__ = ["GeneratingRun"]


class GeneratingRun(OpenedRun):
    """A trained run, which writes where its task writes on after a prompt."""

    _last: tuple[str | None, Any] | None = None
    """The label and the text that :meth:`next` was last asked for."""

    def generate(self, prompt: str = "", **how: Any) -> str:
        """Write on after a prompt; see :meth:`generate_stream` for the arguments.

        Returns:
            The new text, the prompt not included.
        """
        return "".join(self.generate_stream(prompt, **how))

    @taking(lambda *_, **__: ())
    def generate_texts(
        self,
        count: int,
        prompt: str = "",
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        condition: str | None = None,
    ) -> Iterator[str]:
        """Write several texts, each on after the same prompt; see :meth:`generate_stream` for the other arguments.

        Args:
            count: how many.
            prompt: text to go on from.
            length: tokens of each to draw, at most.
            temperature: how wild.
            top_k: draw from so many tokens.
            top_p: draw from such a share.
            seed: seed of the draws; a text depends on it and on its own place, on no other text.
            condition: label to write for.

        Returns:
            The new texts, the prompt not included.

        Raises:
            UsageError: a value outside its range, or a prompt or label that the model has never seen.
        """
        self._require_writing()
        how = {"length": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        return self.model.generate_texts(count, prompt=prompt, condition=condition, **how)

    @taking(lambda *_, **__: ())
    def generate_stream(
        self,
        prompt: str = "",
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        condition: str | None = None,
    ) -> Iterator[str]:
        """Write on after a prompt, piece by piece, one step of the network per token.

        Args:
            prompt: text to go on from; empty starts a new document.
            length: tokens to draw: characters, bytes, words or word pieces.
            temperature: below 1 sharpens, above 1 flattens; 0 takes the most likely token always.
            top_k: draw from this many of the most likely tokens; None draws from all.
            top_p: draw from the fewest tokens whose probabilities reach this share; None draws from all.
            seed: seed of the draw; None draws differently each time.
            condition: label to write for, one of those that were learned from; only for a run that has learned texts
                with labels, which needs it.

        Returns:
            Pieces of the new text as they are drawn. Where a separator was given in training, a document that ends is
            followed by it and by a new document; a text for a label ends where the model ends it.

        Raises:
            UsageError: a value outside its range, or a prompt or label that the model has never seen.
        """
        self._require_writing()
        how = {"length": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        return self.model.generate_stream(prompt, condition=condition, **how)

    @taking(lambda *_, **__: ())
    def next(self, text: str = "", top: int = 5, condition: str | None = None) -> Expected:
        """Say what the network expects after a text: the likeliest next tokens.

        Args:
            text: from the start of a document on; empty asks for its first token.
            top: candidates to give.
            condition: label of the text; only for a run that has learned texts with labels, which needs it.

        Returns:
            ``candidates``, each with its ``text``, ``probability`` and ``name``, the likeliest first; ``rest``, the
            probability of all others together, and ``others``, their number. Asked for a text that goes on where
            the one before was, only what is new is read.

        Raises:
            UsageError: a value outside its range, or a text or label that the model has never seen.
        """
        return self._typed(condition).after(text, top)

    def _typed(self, condition: str | None) -> Any:
        """The text that was last asked for, from which the next one is gone on with."""
        self._require_writing()
        if self._last is None or self._last[0] != condition:
            self._last = condition, self.model.next_tokens(condition)
        return self._last[1]

    def _require_writing(self) -> None:
        """See that the task writes on after a prompt."""
        if hasattr(self.reader, "read_to_predict") or not hasattr(self.model, "generate_stream"):
            raise UsageError(f"{self.path} is a run of the task {self.task}, which writes no text; see predict")
