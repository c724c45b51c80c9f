// The sweep of a diagonal cell: each unit by itself, so threads share out rows and units and never meet. Where there are
// fewer of those than threads and the cell is linear, time is cut into chunks too: each chunk is swept twice, once from zero
// to see what it makes of a state (what is kept of it, and what is added), and once from the state that really enters it.
#pragma once

#include <algorithm>
#include <vector>

#include "diagonal_cells.hpp"
#include "walk.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// Rows, units and steps of one thread. Ranks are shared out in turn where rows end at different steps, else as blocks.
struct Piece {
    std::int64_t first_rank, stride, end_rank;
    Range units;
    Range steps;  // in the order of the direction
    int chunk, number;
};

// How a sweep is cut up.
struct Cut {
    int by_rows, by_units, by_time;

    Cut(const Shape& shape, bool linear) : by_rows(1), by_units(1), by_time(1) {
        constexpr std::int64_t line = 64 / sizeof(float);  // units that threads should not share
        const std::int64_t threads = std::max(1, shape.threads), lines = blocks(shape.hidden, line);
        if (shape.batch >= 4 * threads) {
            by_rows = static_cast<int>(threads);
        } else if (lines >= threads) {
            by_units = static_cast<int>(threads);
        } else {
            by_rows = static_cast<int>(std::clamp<std::int64_t>(shape.batch, 1, threads));
            by_units = static_cast<int>(std::clamp<std::int64_t>(threads / by_rows, 1, lines));
            const std::int64_t left = threads / (by_rows * by_units);
            if (linear)
                by_time = static_cast<int>(std::clamp<std::int64_t>(left, 1, std::max<std::int64_t>(1, shape.steps)));
        }
    }
    int pieces() const { return by_rows * by_units * by_time; }

    Piece piece(const Shape& shape, int number) const {
        const int row = number % by_rows, unit = number / by_rows % by_units, chunk = number / (by_rows * by_units);
        const bool dense = shape.steps == 0 || shape.sizes[shape.steps - 1] == shape.batch;
        const std::int64_t first = shape.batch * row / by_rows, end = shape.batch * (row + 1) / by_rows;
        return {dense ? first : row,
                dense ? 1 : by_rows,
                dense ? end : shape.batch,
                part(shape.hidden, 64 / sizeof(float), unit, by_units),
                {shape.steps * chunk / by_time, shape.steps * (chunk + 1) / by_time},
                chunk,
                number};
    }
};

template <class Work>
void for_pieces(const Shape& shape, const Cut& cut, const Work& work) {
    const int pieces = cut.pieces();
    if (pieces == 1) return work(cut.piece(shape, 0));
#pragma omp parallel for num_threads(pieces) schedule(static, 1)
    for (int number = 0; number < pieces; ++number) work(cut.piece(shape, number));
}

template <class T>
inline const T* at_or_null(const T* from, std::int64_t offset) {
    return from ? from + offset : nullptr;
}

// One block of units of one row.
template <class T>
struct Block {
    std::int64_t unit;
    int lanes;
    Vector<T> get(const T* row) const { return row ? load<T>(row + unit, lanes) : Vector<T>{}; }
    void put(T* row, Vector<T> value) const { store<T>(row + unit, value, lanes); }
};

template <class T, class Work>
void for_blocks(Range units, const Work& work) {
    for (std::int64_t unit = units.first; unit < units.last; unit += Lanes<T>::width)
        work(Block<T>{unit, static_cast<int>(std::min<std::int64_t>(Lanes<T>::width, units.last - unit))});
}

template <class C, class T>
struct DiagonalSweep {
    const Shape& shape;
    const Walk walk;

    explicit DiagonalSweep(const Shape& shape_) : shape(shape_), walk{shape_} {}

    // Calls work(row, rank, step) for each row of a piece in one step.
    template <class Work>
    void for_rows(const Piece& piece, std::int64_t index, const Work& work) const {
        const std::int64_t step = walk.step(index), end = std::min(piece.end_rank, shape.sizes[step]);
        for (std::int64_t rank = piece.first_rank; rank < end; rank += piece.stride)
            work(walk.row(step, rank), rank, step);
    }

    static void own_of(const Block<T>& block, const T* const* numbers, Vector<T>* own) {
        for (int k = 0; k < C::numbers; ++k) own[k] = block.get(numbers[k]);
    }
    static void x_of(const Block<T>& block, const T* const* x, const std::int64_t* stride, std::int64_t row,
                     Vector<T>* to) {
        for (int g = 0; g < C::gates; ++g) to[g] = block.get(x[g] + row * stride[g]);
    }
    void clear(const Piece& piece, std::int64_t rank, const T* const* restart, T* const* state) const {
        for (int k = 0; k < C::states; ++k)
            for_blocks<T>(piece.units, [&](const Block<T>& block) {
                block.put(state[k] + rank * shape.hidden, block.get(restart[k]));
            });
    }

    // (a, b): state -> a state + b, followed by another; complex where there are two parts.
    static void scaled(const Vector<T>* a, Vector<T>* s) {
        if constexpr (C::states == 1) {
            s[0] = a[0] * s[0];
        } else {
            const Vector<T> re = s[0];
            s[0] = a[0] * re - a[1] * s[1];
            s[1] = a[0] * s[1] + a[1] * re;
        }
    }
};

// What a chunk of time makes of the state that enters it: state -> keeps * state + adds, each (states, B, H).
template <class T>
struct Effect {
    std::vector<T> keeps, adds;
    Effect(int states, std::int64_t size)
        : keeps(static_cast<std::size_t>(states * size)), adds(static_cast<std::size_t>(states * size)) {
        std::fill(keeps.begin(), keeps.begin() + size, T(1));
    }
};

// state = keeps * state + adds
template <class C, class T>
void follow(const Effect<T>& effect, std::vector<T>& state, std::int64_t size) {
    for_blocks<T>({0, size}, [&](const Block<T>& block) {
        Vector<T> keeps[C::states], s[C::states];
        for (int k = 0; k < C::states; ++k) {
            keeps[k] = block.get(effect.keeps.data() + k * size);
            s[k] = block.get(state.data() + k * size);
        }
        DiagonalSweep<C, T>::scaled(keeps, s);
        for (int k = 0; k < C::states; ++k)
            block.put(state.data() + k * size, s[k] + block.get(effect.adds.data() + k * size));
    });
}

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
        for (std::int64_t index = piece.steps.first; index < piece.steps.last; ++index)
            this->for_rows(piece, index, [&](std::int64_t row, std::int64_t rank, std::int64_t) {
                if (this->walk.cleared(row)) this->clear(piece, rank, f.restart, state);
                for_blocks<T>(piece.units, [&](const Block<T>& block) {
                    V x[C::gates], own[C::numbers + 1], s[C::states];
                    this->x_of(block, f.x, f.x_stride, row, x);
                    this->own_of(block, f.own, own);
                    for (int k = 0; k < C::states; ++k) s[k] = block.get(state[k] + rank * shape.hidden);
                    C::step(x, own, s);
                    for (int k = 0; k < C::states; ++k) {
                        block.put(state[k] + rank * shape.hidden, s[k]);
                        block.put(f.states[k] + row * shape.hidden, s[k]);
                    }
                });
            });
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
                for_blocks<T>(piece.units, [&](const Block<T>& block) {
                    V x[C::gates], own[C::numbers + 1], keeps[C::states], adds[C::states], a[C::states];
                    this->x_of(block, f.x, f.x_stride, row, x);
                    this->own_of(block, f.own, own);
                    for (int k = 0; k < C::states; ++k) {
                        keeps[k] = cleared ? V{} : block.get(effect.keeps.data() + k * size + rank * H);
                        adds[k] =
                            cleared ? block.get(f.restart[k]) : block.get(effect.adds.data() + k * size + rank * H);
                    }
                    C::decay(x, own, a);
                    this->scaled(a, keeps);
                    C::step(x, own, adds);
                    for (int k = 0; k < C::states; ++k) {
                        block.put(effect.keeps.data() + k * size + rank * H, keeps[k]);
                        block.put(effect.adds.data() + k * size + rank * H, adds[k]);
                    }
                });
            });
    }
};

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
        for (std::int64_t index = piece.steps.last - 1; index >= piece.steps.first; --index)
            this->for_rows(piece, index, [&](std::int64_t row, std::int64_t rank, std::int64_t step) {
                const bool cleared = this->walk.cleared(row);
                const T* before[C::states];
                for (int k = 0; k < C::states; ++k) before[k] = entering(k, row, rank, step);
                for_blocks<T>(piece.units, [&](const Block<T>& block) {
                    V x[C::gates], own[C::numbers + 1], s[C::states], after[C::states], g[C::states];
                    V grad_x[C::gates], grad_own[C::numbers + 1];
                    this->x_of(block, b.x, b.x_stride, row, x);
                    this->own_of(block, b.own, own);
                    for (int k = 0; k < C::states; ++k) {
                        s[k] = block.get(before[k]);
                        after[k] = block.get(b.states[k] + row * H);
                        g[k] = block.get(grad[k] + rank * H) + block.get(at_or_null(b.grad_states[k], row * H));
                    }
                    C::back(x, own, s, after, g, grad_x, grad_own);
                    for (int n = 0; n < C::gates; ++n) block.put(b.grad_x[n] + row * b.grad_x_stride[n], grad_x[n]);
                    for (int n = 0; n < C::numbers; ++n) increase(block, sums, n, grad_own[n]);
                    for (int k = 0; k < C::states; ++k) {
                        if (cleared) increase(block, sums, C::numbers + k, g[k]);
                        block.put(grad[k] + rank * H, cleared ? V{} : g[k]);
                    }
                });
            });
    }

    void increase(const Block<T>& block, Sums& sums, int slot, V value) const {
        T* to = sums.data() + slot * shape.hidden;
        block.put(to, block.get(to) + value);
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
                for_blocks<T>(piece.units, [&](const Block<T>& block) {
                    V x[C::gates], own[C::numbers + 1], keeps[C::states], adds[C::states], a[C::states];
                    this->x_of(block, b.x, b.x_stride, row, x);
                    this->own_of(block, b.own, own);
                    C::decay(x, own, a);
                    if constexpr (C::states == 2) a[1] = -a[1];  // what was turned one way comes back the other
                    for (int k = 0; k < C::states; ++k) {
                        keeps[k] = block.get(effect.keeps.data() + k * size + rank * H);
                        adds[k] = block.get(effect.adds.data() + k * size + rank * H) +
                                  block.get(at_or_null(b.grad_states[k], row * H));
                    }
                    this->scaled(a, keeps);
                    this->scaled(a, adds);
                    for (int k = 0; k < C::states; ++k) {
                        block.put(effect.keeps.data() + k * size + rank * H, cleared ? V{} : keeps[k]);
                        block.put(effect.adds.data() + k * size + rank * H, cleared ? V{} : adds[k]);
                    }
                });
            });
    }
};

template <class C, class T>
void diagonal_forward(const Shape& shape, const DiagonalForward<T>& f) {
    DiagonalForwardSweep<C, T>(shape, f).run();
}

template <class C, class T>
void diagonal_backward(const Shape& shape, const DiagonalBackward<T>& b) {
    DiagonalBackwardSweep<C, T>(shape, b).run();
}

}  // namespace throughtime::THROUGHTIME_TARGET
