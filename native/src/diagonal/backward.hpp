// The sweep of a diagonal cell, backward.
#pragma once

#include "sweep.hpp"

namespace throughtime::THROUGHTIME_TARGET {

template <class C, class T>
struct DiagonalBackwardSweep : DiagonalSweep<C, T> {
    using V = Vector<T>;
    using Base = DiagonalSweep<C, T>;
    using Base::shape;
    using Sums =
        std::vector<T>;  // (numbers + states, H): gradients of the units' numbers, and of what a reset returns to
    const DiagonalBackward<T>& b;

    DiagonalBackwardSweep(const Shape& shape_, const DiagonalBackward<T>& b_) : Base(shape_), b(b_) {}

    void run() const {
        const Cut cut(shape, C::linear);
        std::vector<Sums> sums(static_cast<std::size_t>(cut.pieces()));
        if constexpr (C::linear)
            if (cut.by_time > 1) return run_chunks(cut, sums);
        for_pieces(shape, cut, [&](const Piece& piece) { sweep(piece, b.grad, sums[piece.number]); });
        add(sums);
    }

    // Always in the same order.
    void add(const std::vector<Sums>& sums) const {
        for (const Sums& each : sums)
            for (std::size_t k = 0; k < each.size(); ++k) b.sums[k] += each[k];
    }

    // `grad` is the gradient of the state that a step left, as far as later steps give it, and moves from step to step.
    void sweep(const Piece& piece, T* const* grad, Sums& sums) const {
        const std::int64_t H = shape.hidden;
        sums.assign(static_cast<std::size_t>((C::numbers + C::states) * H), T(0));
        const bool past = this->past(this->rows(), H, b.grad_x, b.grad_x_stride, C::gates);
        for (std::int64_t index = piece.steps.last - 1; index >= piece.steps.first; --index)
            this->for_rows(piece, index, [&](std::int64_t row, std::int64_t rank, std::int64_t step) {
                const bool cleared = this->walk.cleared(row);
                const T* entered[C::states];
                T *own_sums[C::numbers + 1], *restart_sums[C::states];
                for (int k = 0; k < C::states; ++k) entered[k] = entering(k, row, rank, step);
                for (int n = 0; n < C::numbers; ++n) own_sums[n] = sums.data() + n * H;
                for (int k = 0; k < C::states; ++k) restart_sums[k] = sums.data() + (C::numbers + k) * H;
                const typename Base::X from(b.x, row, b.x_stride);
                const typename Base::Own numbers(b.own, 0);
                const typename Base::In before(entered, 0), left(b.states, row * H), given(b.grad_states, row * H);
                const typename Base::Out held(grad, rank * H), restarts(restart_sums, 0);
                const typename Base::template Rows<T*, C::gates> to(b.grad_x, row, b.grad_x_stride);
                const typename Base::template Rows<T*, C::numbers> summed(own_sums, 0);
                for_blocks<T>(piece.units, [&](const auto& block) {
                    V x[C::gates], own[C::numbers + 1], s[C::states], after[C::states], g[C::states], more[C::states];
                    V grad_x[C::gates], grad_own[C::numbers + 1], total[C::numbers + C::states];
                    from.get(block, x), numbers.get(block, own);
                    before.get(block, s), left.get(block, after), held.get(block, g), given.get(block, more);
                    for (int k = 0; k < C::states; ++k) g[k] += more[k];
                    C::back(x, own, s, after, g, grad_x, grad_own);
                    to.put(block, grad_x, past);
                    summed.get(block, total);
                    for (int n = 0; n < C::numbers; ++n) total[n] += grad_own[n];
                    summed.put(block, total);
                    if (cleared) {
                        restarts.get(block, total);
                        for (int k = 0; k < C::states; ++k) total[k] += g[k], g[k] = V{};
                        restarts.put(block, total);
                    }
                    held.put(block, g);
                });
            });
        if (past) fence();
    }

    // The state that a row found, or null: zeros.
    const T* entering(int part, std::int64_t row, std::int64_t rank, std::int64_t step) const {
        if (this->walk.cleared(row)) return b.restart[part];
        const std::int64_t before = this->walk.before(step, rank);
        return before < 0 ? b.initial[part] + rank * shape.hidden : b.states[part] + before * shape.hidden;
    }

    void run_chunks(const Cut& cut, std::vector<Sums>& sums) const {
        const std::int64_t size = shape.batch * shape.hidden;
        std::vector<Effect<T>> effects(static_cast<std::size_t>(cut.by_time), Effect<T>(C::states, size));
        for_pieces(shape, cut, [&](const Piece& piece) { weigh(piece, effects[piece.chunk]); });
        std::vector<std::vector<T>> arriving(effects.size());  // at the end of each chunk, (states, B, H)
        std::vector<T> grad;
        for (int k = 0; k < C::states; ++k) grad.insert(grad.end(), b.grad[k], b.grad[k] + size);
        for (std::size_t chunk = effects.size(); chunk-- > 0;) {
            arriving[chunk] = grad;
            follow<C, T>(effects[chunk], grad, size);
        }
        for_pieces(shape, cut, [&](const Piece& piece) {
            T* parts[C::states];
            for (int k = 0; k < C::states; ++k) parts[k] = arriving[piece.chunk].data() + k * size;
            sweep(piece, parts, sums[piece.number]);
        });
        for (int k = 0; k < C::states; ++k)
            std::copy(arriving[0].data() + k * size, arriving[0].data() + (k + 1) * size, b.grad[k]);
        add(sums);
    }

    void weigh(const Piece& piece, Effect<T>& effect) const {
        const std::int64_t H = shape.hidden, size = shape.batch * H;
        for (std::int64_t index = piece.steps.last - 1; index >= piece.steps.first; --index)
            this->for_rows(piece, index, [&](std::int64_t row, std::int64_t rank, std::int64_t) {
                const bool cleared = this->walk.cleared(row);
                T *keeps_of[C::states], *adds_of[C::states];
                effect.parts(size, keeps_of, adds_of);
                const typename Base::X from(b.x, row, b.x_stride);
                const typename Base::Own numbers(b.own, 0);
                const typename Base::In given(b.grad_states, row * H);
                const typename Base::Out kept(keeps_of, rank * H), added(adds_of, rank * H);
                for_blocks<T>(piece.units, [&](const auto& block) {
                    V x[C::gates], own[C::numbers + 1], keeps[C::states], adds[C::states], a[C::states],
                        more[C::states];
                    from.get(block, x), numbers.get(block, own);
                    kept.get(block, keeps), added.get(block, adds), given.get(block, more);
                    C::decay(x, own, a);
                    if constexpr (C::states == 2) a[1] = -a[1];  // what was turned one way comes back the other
                    for (int k = 0; k < C::states; ++k) adds[k] += more[k];
                    this->scaled(a, keeps);
                    this->scaled(a, adds);
                    for (int k = 0; k < C::states; ++k)
                        if (cleared) keeps[k] = V{}, adds[k] = V{};
                    kept.put(block, keeps), added.put(block, adds);
                });
            });
    }
};

template <class C, class T>
void diagonal_backward(const Shape& shape, const DiagonalBackward<T>& b) {
    DiagonalBackwardSweep<C, T>(shape, b).run();
}

}  // namespace throughtime::THROUGHTIME_TARGET
