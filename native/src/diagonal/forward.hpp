// The sweep of a diagonal cell, forward.
#pragma once

#include "sweep.hpp"

namespace throughtime::THROUGHTIME_TARGET {

template <class C, class T>
struct DiagonalForwardSweep : DiagonalSweep<C, T> {
    using V = Vector<T>;
    using Base = DiagonalSweep<C, T>;
    using Base::shape;
    const DiagonalForward<T>& f;

    DiagonalForwardSweep(const Shape& shape_, const DiagonalForward<T>& f_) : Base(shape_), f(f_) {}

    void run() const {
        const Cut cut(shape, C::linear);
        const std::int64_t size = shape.batch * shape.hidden;
        for (int k = 0; k < C::states; ++k) std::copy(f.initial[k], f.initial[k] + size, f.finals[k]);
        if constexpr (C::linear)
            if (cut.by_time > 1) return run_chunks(cut, size);
        for_pieces(shape, cut, [&](const Piece& piece) { sweep(piece, f.finals); });
    }

    // The state is where it ends, and moves from step to step.
    void sweep(const Piece& piece, T* const* state) const {
        const bool past = this->past(this->rows(), shape.hidden, f.states, nullptr, C::states);
        for (std::int64_t index = piece.steps.first; index < piece.steps.last; ++index)
            this->for_rows(piece, index, [&](std::int64_t row, std::int64_t rank, std::int64_t) {
                if (this->walk.cleared(row)) this->clear(piece, rank, f.restart, state);
                const typename Base::X from(f.x, row, f.x_stride);
                const typename Base::Own numbers(f.own, 0);
                const typename Base::Out held(state, rank * shape.hidden), kept(f.states, row * shape.hidden);
                for_blocks<T>(piece.units, [&](const auto& block) {
                    V x[C::gates], own[C::numbers + 1], s[C::states];
                    from.get(block, x), numbers.get(block, own), held.get(block, s);
                    C::step(x, own, s);
                    held.put(block, s), kept.put(block, s, past);
                });
            });
        if (past) fence();
    }

    void run_chunks(const Cut& cut, std::int64_t size) const {
        std::vector<Effect<T>> effects(static_cast<std::size_t>(cut.by_time), Effect<T>(C::states, size));
        for_pieces(shape, cut, [&](const Piece& piece) { weigh(piece, effects[piece.chunk]); });
        std::vector<std::vector<T>> entering;  // of each chunk, (states, B, H)
        std::vector<T> state;
        for (int k = 0; k < C::states; ++k) state.insert(state.end(), f.initial[k], f.initial[k] + size);
        for (const Effect<T>& effect : effects) {
            entering.push_back(state);
            follow<C, T>(effect, state, size);
        }
        for_pieces(shape, cut, [&](const Piece& piece) {
            T* parts[C::states];
            for (int k = 0; k < C::states; ++k) parts[k] = entering[piece.chunk].data() + k * size;
            sweep(piece, parts);
        });
        for (int k = 0; k < C::states; ++k)
            std::copy(entering.back().data() + k * size, entering.back().data() + (k + 1) * size, f.finals[k]);
    }

    void weigh(const Piece& piece, Effect<T>& effect) const {
        const std::int64_t H = shape.hidden, size = shape.batch * H;
        for (std::int64_t index = piece.steps.first; index < piece.steps.last; ++index)
            this->for_rows(piece, index, [&](std::int64_t row, std::int64_t rank, std::int64_t) {
                const bool cleared = this->walk.cleared(row);
                T *keeps_of[C::states], *adds_of[C::states];
                effect.parts(size, keeps_of, adds_of);
                const typename Base::X from(f.x, row, f.x_stride);
                const typename Base::Own numbers(f.own, 0);
                const typename Base::In restart(f.restart, 0);
                const typename Base::Out kept(keeps_of, rank * H), added(adds_of, rank * H);
                for_blocks<T>(piece.units, [&](const auto& block) {
                    V x[C::gates], own[C::numbers + 1], keeps[C::states] = {}, adds[C::states], a[C::states];
                    from.get(block, x), numbers.get(block, own);
                    if (cleared) restart.get(block, adds);
                    else kept.get(block, keeps), added.get(block, adds);
                    C::decay(x, own, a);
                    this->scaled(a, keeps);
                    C::step(x, own, adds);
                    kept.put(block, keeps), added.put(block, adds);
                });
            });
    }
};

template <class C, class T>
void diagonal_forward(const Shape& shape, const DiagonalForward<T>& f) {
    DiagonalForwardSweep<C, T>(shape, f).run();
}

}  // namespace throughtime::THROUGHTIME_TARGET
