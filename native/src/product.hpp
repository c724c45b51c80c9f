// c = a^T b, the gradient of a weight matrix from those of its outputs and its inputs: a large product over all tokens.
//
// Written here because it is a third of a training step, and a general library's product of this form (a transposed
// left side, long in the middle) reaches half of what the same register tile reaches.
#pragma once

#include "threads.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// One thread's part: columns [columns.first, columns.last) of a, which are rows of c.
template <class T>
class TransposedProduct {
  public:
    TransposedProduct(const Product<T>& p, const Range& columns)
        : p_(p), columns_(columns), tiles_(static_cast<int>((columns.size() + rows - 1) / rows)),
          left_(static_cast<std::size_t>(tiles_) * rows * strip), right_(static_cast<std::size_t>(width) * strip) {}

    void run() {
        if (p_.sums) std::fill_n(p_.sums + columns_.first, columns_.size(), T(0));
        for (std::int64_t begin = 0; begin < p_.tokens; begin += strip) {
            const std::int64_t count = std::min(strip, p_.tokens - begin);
            for (std::int64_t token = 0; token < count; token += group)
                pack_left(begin, token, std::min(token + group, count));
            for (std::int64_t column = 0; column < p_.right; column += width) {
                pack_right(column, begin, count);
                for (int tile = 0; tile < tiles_; ++tile) add(tile, column, count, begin == 0);
            }
        }
    }

  private:
    static constexpr int lanes = Lanes<T>::width, side = 4, width = side * lanes, rows = tile_rows(side);
    static constexpr std::int64_t strip = 384;  // tokens at a time: b's columns stay in the second cache meanwhile
    static constexpr std::int64_t group = 8;    // tokens at a time: a's rows stay in the first cache meanwhile

    std::int64_t column(int tile) const { return columns_.first + static_cast<std::int64_t>(tile) * rows; }
    int inside(int tile) const { return static_cast<int>(std::min<std::int64_t>(rows, columns_.last - column(tile))); }
    T* left(int tile) { return left_.data() + static_cast<std::int64_t>(tile) * rows * strip; }

    // Some tokens of a, whole rows while they are near: for each tile [token][row of the tile].
    void pack_left(std::int64_t begin, std::int64_t token, std::int64_t end) {
        const T* from = p_.a + begin * p_.a_stride;
        for (int tile = 0; tile < tiles_; ++tile) {
            const int n = inside(tile);
            for (std::int64_t t = token; t < end; ++t) {
                const T* row = from + t * p_.a_stride + column(tile);
                T* to = left(tile) + t * rows;
                if (n == rows) std::memcpy(to, row, sizeof(T) * rows);
                else
                    for (int r = 0; r < rows; ++r) to[r] = r < n ? row[r] : T(0);
            }
        }
        for (std::int64_t at = columns_.first; p_.sums && at < columns_.last; at += lanes) {
            const int n = static_cast<int>(std::min<std::int64_t>(lanes, columns_.last - at));
            Vector<T> sum = load<T>(p_.sums + at, n);  // the gradient of a bias
            for (std::int64_t t = token; t < end; ++t) sum += load<T>(from + t * p_.a_stride + at, n);
            store<T>(p_.sums + at, sum, n);
        }
    }

    // [token][column of the panel]
    void pack_right(std::int64_t at, std::int64_t begin, std::int64_t count) {
        const T* from = p_.b + begin * p_.b_stride + at;
        T* to = right_.data();
        for (std::int64_t token = 0; token < count; ++token, from += p_.b_stride, to += width)
            for (int g = 0; g < side; ++g)
                store<T>(to + g * lanes, load<T>(from + g * lanes, inside_panel(at + g * lanes)));
    }
    int inside_panel(std::int64_t at) const {
        return static_cast<int>(std::clamp<std::int64_t>(p_.right - at, 0, lanes));
    }

    void add(int tile, std::int64_t at, std::int64_t count, bool first) {
        const T *row = left(tile), *panel = right_.data();
        Vector<T> sum[rows][side] = {};
        for (std::int64_t token = 0; token < count; ++token, row += rows, panel += width) {
            Vector<T> value[side];
#pragma GCC unroll 4
            for (int g = 0; g < side; ++g) value[g] = load<T>(panel + g * lanes);
#pragma GCC unroll 16
            for (int r = 0; r < rows; ++r) {
                const Vector<T> factor = splat<T>(row[r]);
#pragma GCC unroll 4
                for (int g = 0; g < side; ++g) sum[r][g] += factor * value[g];
            }
        }
        for (int r = 0; r < inside(tile); ++r)
            for (int g = 0; g < side; ++g) {
                const int n = inside_panel(at + g * lanes);
                T* to = p_.c + (column(tile) + r) * p_.right + at + g * lanes;
                if (n > 0) store<T>(to, first ? sum[r][g] : load<T>(to, n) + sum[r][g], n);
            }
    }

    const Product<T>& p_;
    const Range columns_;
    const int tiles_;
    Lines<T> left_, right_;
};

template <class T>
void transposed_product(const Product<T>& p, int threads) {
    constexpr int block = 4 * tile_rows(4);
    threads = static_cast<int>(std::clamp<std::int64_t>(blocks(p.left, block), 1, threads));
    Caught caught;
#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(static, 1)
    for (int thread = 0; thread < threads; ++thread)
        caught.during([&] { TransposedProduct<T>(p, part(p.left, block, thread, threads)).run(); });
    caught.rethrow();
    if (p.tokens > 0) return;
    std::fill_n(p.c, p.left * p.right, T(0));
    if (p.sums) std::fill_n(p.sums, p.left, T(0));
}

}  // namespace throughtime::THROUGHTIME_TARGET
