"""What a run of a language model, or of a model of music, can be asked for: to write on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime.data.reading import Note
from throughtime.doors import named, option, taking
from throughtime.errors import UsageError
from throughtime.runs.opened_run import OpenedRun
from throughtime.tasks.generate.expected import Expected
from throughtime.training.reporter import PlainReporter

if TYPE_CHECKING:
    from throughtime.data.music.tune import Tune

__all__ = ["GeneratingRun"]


class GeneratingRun(OpenedRun):
    """A trained run, which writes where its task writes on after a prompt."""

    _last: tuple[str | None, Any] | None = None
    """The label and the text that :meth:`next` was last asked for."""

    @taking(lambda *_, **__: ("primer", "length", "temperature", "top_k", "top_p", "seed", "condition"))
    def generate(self, prompt: str = "", **how: Any) -> Any:
        """Write on after a prompt; see :meth:`generate_stream` for the arguments. A run of music writes a tune; see
        :meth:`generate_tune`.

        Returns:
            The new text, the prompt not included; of music a :class:`~throughtime.data.music.tune.Tune`, with ``save``,
            ``notes`` and ``frames``.
        """
        if self.writes_music:
            if prompt:
                wanted = option("primer", "tune.mid")
                raise UsageError(f"{named('prompt')} is for texts; go on from a tune with {wanted}")
            return self.generate_tune(**how)
        if how.pop("primer", None) is not None:
            raise UsageError(f"{named('primer')} is for music, and this run writes text: leave it out")
        return "".join(self.generate_stream(prompt, **how))

    @property
    def writes_music(self) -> bool:
        """Whether it writes tunes, not text."""
        return hasattr(self.reader, "read_primer")

    @taking(lambda *_, **__: ())
    def generate_tune(
        self,
        primer: str | Path | Tune | None = None,
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        condition: str | None = None,
        note: Note | None = None,
    ) -> Tune:
        """Write a tune, or go on from one.

        Args:
            primer: a tune, or its file (MIDI, or JSON of pitches), that the new one begins with.
            length: steps to write, at most: events, or frames.
            temperature: below 1 sharpens, above 1 flattens; 0 takes what is likeliest always.
            top_k: draw from this many of the likeliest events; of frames, let no more keys sound at a time.
            top_p: draw from the fewest events whose probabilities reach this share; not for frames.
            seed: seed of the draw; None draws differently each time.
            condition: label to write for; only for a run that has learned tunes with labels, which needs it.
            note: called with what the user should know; None prints it to standard error.

        Returns:
            The tune, primer and all; ``given`` says where what is new begins.

        Raises:
            UsageError: the run writes text, a value outside its range, or a primer with pitches that were not learned.
            DataError: the primer cannot be read.
        """
        if not self.writes_music:
            raise UsageError(f"{self.path} is a run of the task {self.task} that writes no music")
        given = None if primer is None else self.reader.read_primer(primer, self.path, note or PlainReporter().note)
        how = {"length": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        return self.model.generate_tune(primer=given, condition=condition, **how)

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
        if self.writes_music:
            raise UsageError(f"{self.path} writes music and no text; see generate")
        if hasattr(self.reader, "read_to_predict") or not hasattr(self.model, "generate_stream"):
            raise UsageError(f"{self.path} is a run of the task {self.task}, which writes no text; see predict")
