// The sweep of a diagonal cell: each unit by itself, so threads share out rows and units and never meet. Where there are
// fewer of those than threads and the cell is linear, time is cut into chunks too: each chunk is swept twice, once from zero
// to see what it makes of a state (what is kept of it, and what is added), and once from the state that really enters it.
#pragma once

#include <algorithm>
#include <vector>

#include "../walk.hpp"
#include "cells.hpp"

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

// One block of units of one row; all but the last of a row fill a register, and masked instructions are slower.
template <class T, bool full>
struct Block {
    std::int64_t unit;
    int lanes;
    Vector<T> get(const T* row) const {
        if (!row) return Vector<T>{};
        if constexpr (full) return load<T>(row + unit);
        else return load<T>(row + unit, lanes);
    }
    void put(T* row, Vector<T> value) const {
        if constexpr (full) store<T>(row + unit, value);
        else store<T>(row + unit, value, lanes);
    }
    void put(T* row, Vector<T> value, bool past) const {
        if (full && past) store_past<T>(row + unit, value);
        else put(row, value);
    }
};

template <class T, class Work>
inline __attribute__((always_inline)) void for_blocks(Range units, const Work& work) {
    constexpr int width = Lanes<T>::width;
    std::int64_t unit = units.first;
    for (; unit + width <= units.last; unit += width) work(Block<T, true>{unit, width});
    if (unit < units.last) work(Block<T, false>{unit, static_cast<int>(units.last - unit)});
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

    // Rows as pointers in registers: what is written may be any pointer's target, so those in memory are read again each
    // time.
    template <class P, int count>
    struct Rows {
        P row[count + 1];
        Rows(P const* from, std::int64_t offset) {
            for (int k = 0; k < count; ++k) row[k] = from[k] ? from[k] + offset : nullptr;
        }
        Rows(P const* from, std::int64_t at, const std::int64_t* stride) {
            for (int k = 0; k < count; ++k) row[k] = from[k] + at * stride[k];
        }
        template <class B>
        void get(const B& block, Vector<T>* to) const {
            for (int k = 0; k < count; ++k) to[k] = block.get(row[k]);
        }
        template <class B>
        void put(const B& block, const Vector<T>* from) const {
            for (int k = 0; k < count; ++k) block.put(row[k], from[k]);
        }
        template <class B>
        void put(const B& block, const Vector<T>* from, bool past) const {
            for (int k = 0; k < count; ++k) block.put(row[k], from[k], past);
        }
    };
    using X = Rows<const T*, C::gates>;
    using Own = Rows<const T*, C::numbers>;
    using In = Rows<const T*, C::states>;
    using Out = Rows<T*, C::states>;

    void clear(const Piece& piece, std::int64_t rank, const T* const* restart, T* const* state) const {
        for (int k = 0; k < C::states; ++k)
            for_blocks<T>(piece.units,
                          [&](const auto& block) { block.put(state[k] + rank * shape.hidden, block.get(restart[k])); });
    }

    // Whether results go past the caches: they are too many to stay there, and every block of them is aligned.
    static bool past(std::int64_t rows, std::int64_t hidden, T* const* to, const std::int64_t* stride, int count) {
        constexpr std::int64_t too_many = 8 << 20;  // bytes
        bool aligned = hidden % Lanes<T>::width == 0;
        for (int k = 0; k < count; ++k)
            aligned &= reinterpret_cast<std::uintptr_t>(to[k]) % THROUGHTIME_VECTOR_BYTES == 0 &&
                       (stride ? stride[k] : hidden) % Lanes<T>::width == 0;
        return aligned && rows * hidden * count * static_cast<std::int64_t>(sizeof(T)) > too_many;
    }
    std::int64_t rows() const { return shape.steps ? shape.starts[shape.steps - 1] + shape.sizes[shape.steps - 1] : 0; }

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
    void parts(std::int64_t size, T** keeps_of, T** adds_of) {
        for (std::size_t k = 0; k * size < keeps.size(); ++k)
            keeps_of[k] = keeps.data() + k * size, adds_of[k] = adds.data() + k * size;
    }
};

// state = keeps * state + adds
template <class C, class T>
void follow(const Effect<T>& effect, std::vector<T>& state, std::int64_t size) {
    for_blocks<T>({0, size}, [&](const auto& block) {
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

}  // namespace throughtime::THROUGHTIME_TARGET
