// Products of rows with packed weights, one register tile at a time.
#pragma once

#include <omp.h>

#include <algorithm>
#include <new>
#include <type_traits>
#include <vector>

#include "core.hpp"
#include "lanes.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// Vectors that start where a cache line does, for a load across two lines costs two; new elements are left as they are.
template <class T>
struct LineAllocator {
    using value_type = T;
    static constexpr std::align_val_t line{64};
    LineAllocator() = default;
    template <class U>
    LineAllocator(const LineAllocator<U>&) {}
    T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
    void deallocate(T* at, std::size_t) { ::operator delete(at, line); }
    template <class U>
    void construct(U* at) {
        ::new (static_cast<void*>(at)) U;
    }
    template <class U>
    void construct(U* at, const U& value) {
        ::new (static_cast<void*>(at)) U(value);
    }
    bool operator==(const LineAllocator&) const { return true; }
};

template <class T>
using Lines = std::vector<T, LineAllocator<T>>;

constexpr std::int64_t blocks(std::int64_t units, std::int64_t width) { return (units + width - 1) / width; }

// Rows in a register tile: sums * rows accumulators, some registers left for weights and broadcasts.
constexpr int tile_rows(int sums) {
    const int spare = THROUGHTIME_REGISTERS == 32 ? 24 : 12;
    return std::clamp(spare / sums, 1, 12);
}

// Blocks of lanes that stand side by side in a panel, so that one row alone has independent sums enough.
constexpr int across(int sums) { return sums == 1 ? 4 : sums == 2 ? 2 : 1; }

template <class T>
constexpr int pairs = std::is_same_v<T, Bfloat16> ? 2 : 1;

template <class T>
constexpr int lanes = THROUGHTIME_VECTOR_BYTES / (sizeof(T) * pairs<T>);

// Units that one panel finishes.
template <class T>
constexpr int panel_units(int sums) {
    return across(sums) * lanes<T>;
}

// Packed weights, [panel][k][sum][unit of the panel], zero where a panel passes the end:
//   forward,  of W (sums * units, depth): sum[g][unit] over k < depth of W[g * units + unit][k] * row[k]
//   backward, of the same W, transposed:  sum[column] over k < sums * units of W[k][column] * row[k]
// A panel of bfloat16 holds two k side by side in each lane, as the product of pairs takes them.
inline std::int64_t packed_size(int sums, std::int64_t units, std::int64_t depth, bool backward, int bytes) {
    const std::int64_t width = THROUGHTIME_VECTOR_BYTES / (bytes == 2 ? 4 : bytes);
    if (backward) return blocks(depth, across(1) * width) * across(1) * width * sums * units;
    return blocks(units, across(sums) * width) * across(sums) * width * sums * depth;
}

constexpr std::int64_t small = 1 << 15;  // elements: fewer are packed by one thread

template <class T>
void pack_forward(int sums, const T* w, std::int64_t units, std::int64_t depth, T* packed, int threads) {
    constexpr int pair = pairs<T>;
    constexpr std::int64_t strip = 64;  // columns at a time, so that what is written stays in the nearest cache
    const std::int64_t width = panel_units<T>(sums), size = sums * width * depth;
#pragma omp parallel for num_threads(threads) if (threads > 1 && sums * units * depth > small)
    for (std::int64_t block = 0; block < blocks(units, width); ++block)
        for (std::int64_t begin = 0; begin < depth; begin += strip)
            for (int g = 0; g < sums; ++g)
                for (std::int64_t lane = 0; lane < width; ++lane) {
                    const std::int64_t unit = block * width + lane, end = std::min(begin + strip, depth);
                    const T* row = w + (g * units + unit) * depth;
                    T* to = packed + block * size + (g * width + lane) * pair;
                    for (std::int64_t k = begin; k < end; ++k)
                        to[k / pair * pair * sums * width + k % pair] = unit < units ? row[k] : T{};
                }
}

template <class T>
void pack_backward(int sums, const T* w, std::int64_t units, std::int64_t depth, T* packed, int threads) {
    const std::int64_t width = panel_units<T>(1), size = sums * units * width;
#pragma omp parallel for num_threads(threads) if (threads > 1 && sums * units * depth > small)
    for (std::int64_t block = 0; block < blocks(depth, width); ++block)
        for (std::int64_t k = 0; k < sums * units; ++k) {
            const std::int64_t column = block * width, count = std::min<std::int64_t>(width, depth - column);
            T* to = packed + block * size + k * width;
            std::copy_n(w + k * depth + column, count, to);
            std::fill(to + count, to + width, T(0));
        }
}

// sum[r][g] += over k of rows[r][k] * panel[k][g], in registers.
template <class T, class S, int sums, int rows>
inline void multiply(const S* const* from, const S* panel, std::int64_t depth, Vector<T> (&sum)[rows][sums]) {
    if constexpr (std::is_same_v<T, S>) {
        constexpr int width = Lanes<T>::width;
        for (std::int64_t k = 0; k < depth; ++k, panel += sums * width) {
            Vector<T> weight[sums];
#pragma GCC unroll 8
            for (int g = 0; g < sums; ++g) weight[g] = load<T>(panel + g * width);
#pragma GCC unroll 16
            for (int r = 0; r < rows; ++r) {
                const Vector<T> value = splat<T>(from[r][k]);
#pragma GCC unroll 8
                for (int g = 0; g < sums; ++g) sum[r][g] += value * weight[g];
            }
        }
    } else {
#if defined(__AVX512BF16__)
        constexpr int width = Lanes<T>::width;
        for (std::int64_t k = 0; k < depth; k += 2, panel += sums * 2 * width) {
            __m512i weight[sums];
#pragma GCC unroll 8
            for (int g = 0; g < sums; ++g) weight[g] = _mm512_loadu_si512(panel + g * 2 * width);
#pragma GCC unroll 16
            for (int r = 0; r < rows; ++r) {
                std::int32_t both;
                std::memcpy(&both, from[r] + k, sizeof both);
                const __m512i value = _mm512_set1_epi32(both);
#pragma GCC unroll 8
                for (int g = 0; g < sums; ++g)
                    sum[r][g] = (Vector<T>)_mm512_dpbf16_ps((__m512)sum[r][g], (__m512bh)value, (__m512bh)weight[g]);
            }
        }
#endif
    }
}

// Calls work.template operator()<rows>(first) over tiles of `count` rows, evenly sized and at most `most` rows high.
template <int most, class Work>
inline void in_tiles(int count, const Work& work) {
    const auto run = [&]<int rows>(auto& self, int first, int size) {
        if constexpr (rows > 0) {
            if (size == rows) return work.template operator()<rows>(first);
            self.template operator()<rows - 1>(self, first, size);
        }
    };
    const int tiles = (count + most - 1) / most;
    for (int tile = 0, first = 0; tile < tiles; ++tile) {
        const int size = (count - first + tiles - tile - 1) / (tiles - tile);
        run.template operator()<most>(run, first, size);
        first += size;
    }
}

// The products of all rows with one panel, whose first unit is `at`: calls ahead(row) before a row's product and
// done(row, unit, sums) after it for every block of lanes in the panel.
template <int sums, class T, class S, class Ahead, class Done>
inline void through_panel(const S* weights, std::int64_t at, const S* const* from, std::int64_t depth, int count,
                          const Ahead& ahead, const Done& done) {
    constexpr int side = across(sums), all = sums * side;
    const S* panel = weights + at * depth * sums;
    in_tiles<tile_rows(all)>(count, [&]<int rows>(int first) {
        Vector<T> sum[rows][all] = {};
        for (int r = 0; r < rows; ++r) ahead(first + r);
        multiply<T, S, all, rows>(from + first, panel, depth, sum);
        for (int r = 0; r < rows; ++r)
            for (int block = 0; block < side; ++block) {
                Vector<T> own[sums];
                for (int g = 0; g < sums; ++g) own[g] = sum[r][g * side + block];
                done(first + r, at + block * Lanes<T>::width, own);
            }
    });
}

}  // namespace throughtime::THROUGHTIME_TARGET
