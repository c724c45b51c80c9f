// Problems of random numbers, the same in every run.
#pragma once

#include <random>

#include "plain.hpp"

namespace throughtime {

// The only source of numbers here, so that every run draws the same.
inline std::mt19937_64 generator(1);

inline Values drawn(std::int64_t size, double scale = 1, double around = 0) {
    std::normal_distribution<double> normal(around, scale);
    Values values(static_cast<std::size_t>(size));
    for (double& value : values) value = static_cast<float>(normal(generator));  // the same number in each type
    return values;
}

// Which options a problem has; those that its cell does not know are left out.
struct Options {
    bool reverse, zones, restart, peepholes, normed, projected, heads;
    bool fused;  // the core makes W_ih x itself
    int threads;
};

inline Options options_drawn() {
    const auto bits = generator();
    const auto on = [&](int bit) { return (bits >> bit & 1) != 0; };
    return {on(0), on(1), on(2), on(3), on(4), on(5), on(6), on(7), on(8) ? 3 : 1};
}

// Makes the middle third of every (3H), an slstm's n, what a sum of positive numbers can be.
inline void divisible(Values& c, std::int64_t hidden) {
    for (std::size_t k = 0; k < c.size(); ++k)
        if (static_cast<std::int64_t>(k) / hidden % 3 == 1) c[k] = static_cast<float>(std::abs(c[k]) + 0.5);
}

// W_hh (G*H, H) of two heads that do not see each other.
inline void part_heads(Values& w, std::int64_t hidden) {
    const std::int64_t half = hidden / 2;
    for (std::size_t k = 0; k < w.size(); ++k) {
        const std::int64_t column = static_cast<std::int64_t>(k) % hidden, row = static_cast<std::int64_t>(k) / hidden;
        if ((row % hidden < half) != (column < half)) w[k] = 0;
    }
}

inline Problem made(Cell cell, std::int64_t input, std::int64_t hidden, const std::vector<std::int64_t>& sizes,
                    const Options& o) {
    const std::int64_t G = gates(cell), H = hidden, C = carried(cell);
    const bool is_lstm = cell == Cell::lstm, projected = o.projected && (is_lstm || cell == Cell::gru);
    const bool is_slstm = C == 3;                         // it has neither zoneout nor layer norm
    const bool normed = o.normed && H > 16 && !is_slstm;  // fewer numbers may all be near to their mean
    const std::int64_t P = projected ? H / 2 + 1 : H;
    Problem p{cell, input, H, P, sizes, {0}, o.reverse};
    if (o.zones && !is_slstm) p.zone_h = 0.25, p.zone_c = 0.125;
    for (std::size_t t = 1; t < sizes.size(); ++t) p.starts.push_back(p.starts[t - 1] + sizes[t - 1]);
    p.resets.resize(p.tokens());
    for (auto& reset : p.resets) reset = generator() % 5 == 0;
    p.x = drawn(p.tokens() * input), p.w_ih = drawn(G * H * input, 1 / std::sqrt(input)), p.bias = drawn(G * H);
    for (std::int64_t row = 0; row < p.tokens(); ++row) {
        const Values product = times(p.w_ih, 0, G * H, part(p.x, row * input, input));
        for (std::int64_t k = 0; k < G * H; ++k) p.from_x.push_back(product[k] + p.bias[k]);
    }
    p.w = drawn(G * H * P, 1 / std::sqrt(P)), p.h0 = drawn(p.batch() * P);
    if (is_lstm || is_slstm || projected) p.c0 = drawn(p.batch() * C * H);
    if (projected) p.w_hr = drawn(P * H, 1 / std::sqrt(H));
    if (cell == Cell::gru && !normed) p.bias_n = drawn(H);
    if (is_lstm && o.peepholes) p.peepholes = drawn(3 * H);
    if (normed) p.gain = drawn(G * H, 0.2, 1), p.shift = drawn(G * H);
    if (normed && is_lstm) p.gain_c = drawn(H, 0.2, 1), p.shift_c = drawn(H);
    if (o.restart) p.restart_h = drawn(P);
    if (o.restart && !p.c0.empty()) p.restart_c = drawn(C * H);
    if (is_slstm) divisible(p.c0, H), divisible(p.restart_c, H);
    if (is_slstm && o.heads) part_heads(p.w, H);
    return p;
}

}  // namespace throughtime
