// Noise inside the loop: the same function of (seed, layer, direction, row, step, unit) as
// src/throughtime/kernels/reference/noise.py, bit for bit. Philox4x32-10: Salmon, Moraes, Dror and Shaw 2011, "Parallel
// random numbers: as easy as 1, 2, 3", section 3.3.
#pragma once

#include <cstdint>

#include "core.hpp"

namespace throughtime::THROUGHTIME_TARGET {

enum Purpose : std::uint32_t { zoneout_h = 0, zoneout_c = 1, recurrent_dropout = 2 };

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
        const Words results[4] = {c0, c1, c2, c3};
        for (std::int64_t unit = quad * 4; unit < units && unit < (quad + lanes) * 4; ++unit)
            out[unit] = results[unit % 4][unit / 4 - quad] < threshold ? dropped : kept;
    }
}

}  // namespace throughtime::THROUGHTIME_TARGET
