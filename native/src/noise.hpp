// Noise inside the loop: the same function of (seed, layer, direction, row, step, unit) as
// src/throughtime/kernels/reference/noise.py, bit for bit. Philox4x32-10: Salmon, Moraes, Dror and Shaw 2011, "Parallel
// random numbers: as easy as 1, 2, 3", section 3.3.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core.hpp"

namespace throughtime::THROUGHTIME_TARGET {

enum Purpose : std::uint32_t { zoneout_h = 0, zoneout_c = 1, recurrent_dropout = 2 };  // and others that Python names

// Writes `dropped` where a unit falls out and `kept` elsewhere, for one row and step.
template <class T>
void draw(const Noise& noise, double p, Purpose purpose, bool reverse, std::int64_t row, std::int64_t step,
          std::int64_t units, T dropped, T kept, T* out) {
    constexpr int lanes = THROUGHTIME_VECTOR_BYTES / 8;  // quads of units at a time, each word in 64 bits
    typedef std::uint64_t Words __attribute__((vector_size(THROUGHTIME_VECTOR_BYTES)));
    constexpr std::uint64_t word = 0xffffffff;
    const auto threshold = static_cast<std::uint64_t>(p * 4294967296.0);
    const std::uint64_t where = purpose + 8 * ((reverse ? 1 : 0) + 2 * static_cast<std::uint64_t>(noise.layer));
    for (std::int64_t quad = 0; quad * 4 < units; quad += lanes) {
        Words c0{}, c1 = Words{} + (static_cast<std::uint64_t>(step) & word);
        Words c2 = Words{} + (static_cast<std::uint64_t>(row) & word), c3 = Words{} + where;
        for (int lane = 0; lane < lanes; ++lane) c0[lane] = static_cast<std::uint64_t>(quad + lane);
        std::uint64_t k0 = noise.seed & word, k1 = noise.seed >> 32;
        for (int round = 0; round < 10; ++round) {
            const Words first = c0 * 0xd2511f53u, second = c2 * 0xcd9e8d57u;
            c0 = (second >> 32) ^ c1 ^ k0;
            c2 = (first >> 32) ^ c3 ^ k1;
            c1 = second & word, c3 = first & word;
            k0 = (k0 + 0x9e3779b9u) & word, k1 = (k1 + 0xbb67ae85u) & word;
        }
        std::uint64_t words[4][lanes];  // in memory, for single lanes of a register are slow to reach
        const Words results[4] = {c0, c1, c2, c3};
        std::memcpy(words, results, sizeof words);
        const std::int64_t first = quad * 4, count = std::min<std::int64_t>(units - first, 4 * lanes);
        for (std::int64_t k = 0; k < count; ++k) out[first + k] = words[k % 4][k / 4] < threshold ? dropped : kept;
    }
}

template <class T>
void draw_mask(const Mask& mask, T* out, int threads) {
    Noise noise{};
    noise.seed = mask.seed, noise.layer = mask.layer;
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (std::int64_t row = 0; row < mask.count; ++row)
        draw<T>(noise, mask.p, static_cast<Purpose>(mask.purpose), mask.reverse, mask.rows[row], 0, mask.units, T(0),
                static_cast<T>(1.0 / (1.0 - mask.p)), out + row * mask.units);
}

}  // namespace throughtime::THROUGHTIME_TARGET
