// A sweep as a plain loop in double, row by row and unit by unit: what the core is compared with.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "core.hpp"

namespace throughtime {

using Values = std::vector<double>;

// What goes into a sweep; a part of no size is not there.
struct Problem {
    Cell cell;
    std::int64_t input, hidden, width;
    std::vector<std::int64_t> sizes, starts;
    bool reverse = false;
    double zone_h = 0, zone_c = 0;
    std::vector<std::uint8_t> resets{};
    Values x{}, w_ih{}, bias{}, from_x{};  // from_x = W_ih x + bias
    Values w{}, bias_n{}, w_hr{}, peepholes{}, gain{}, shift{}, gain_c{}, shift_c{}, restart_h{}, restart_c{}, h0{},
        c0{};

    std::int64_t batch() const { return sizes[0]; }
    std::int64_t tokens() const { return starts.back() + sizes.back(); }
};

struct Outcome {
    Values y, h_n, c_n;
};

inline double dot(const Values& a, const Values& b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
    return sum;
}

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

inline Values part(const Values& values, std::int64_t first, std::int64_t count) {
    return {values.begin() + first, values.begin() + first + count};
}

// Rows [first, first + count) of a matrix, times v.
inline Values times(const Values& w, std::int64_t first, std::int64_t count, const Values& v) {
    const auto depth = static_cast<std::int64_t>(v.size());
    Values out;
    for (std::int64_t row = first; row < first + count; ++row) out.push_back(dot(part(w, row * depth, depth), v));
    return out;
}

// Layer norm, with gain and shift from `first` on.
inline void normalise(Values& v, const Values& gain, const Values& shift, std::int64_t first = 0) {
    double mean = 0, variance = 0;
    for (const double value : v) mean += value / static_cast<double>(v.size());
    for (const double value : v) variance += (value - mean) * (value - mean) / static_cast<double>(v.size());
    for (std::size_t k = 0; k < v.size(); ++k)
        v[k] = (v[k] - mean) / std::sqrt(variance + 1e-5) * gain[first + k] + shift[first + k];
}

// The recurrent products of some gates.
inline Values recurrent(const Problem& p, int first, int count, const Values& h) {
    Values out = times(p.w, first * p.hidden, count * p.hidden, h);
    if (!p.gain.empty()) normalise(out, p.gain, p.shift, first * p.hidden);
    return out;
}

// The cells return what becomes h, or is projected to h, and leave the fresh c in c.
inline Values elman(const Problem& p, const double* x, const Values& h) {
    Values a = recurrent(p, 0, 1, h);
    for (std::int64_t u = 0; u < p.hidden; ++u)
        a[u] = p.cell == Cell::rnn_tanh ? std::tanh(a[u] + x[u]) : std::max(a[u] + x[u], 0.0);
    return a;
}

inline Values lstm(const Problem& p, const double* x, const Values& h, Values& c) {
    const std::int64_t H = p.hidden;
    const auto peephole = [&](int gate, std::int64_t u) {
        return p.peepholes.empty() ? 0 : p.peepholes[gate * H + u] * c[u];
    };
    Values a = recurrent(p, 0, 4, h), out(H);
    for (std::int64_t u = 0; u < H; ++u) {
        const double i = sigmoid(a[u] + x[u] + peephole(0, u)), f = sigmoid(a[H + u] + x[H + u] + peephole(1, u));
        c[u] = f * c[u] + i * std::tanh(a[2 * H + u] + x[2 * H + u]);
        out[u] = sigmoid(a[3 * H + u] + x[3 * H + u] + peephole(2, u));
    }
    Values inner = c;
    if (!p.gain_c.empty()) normalise(inner, p.gain_c, p.shift_c);
    for (std::int64_t u = 0; u < H; ++u) out[u] *= std::tanh(inner[u]);
    return out;
}

// c holds c, n and m one after the other.
inline Values slstm(const Problem& p, const double* x, const Values& h, Values& c) {
    const std::int64_t H = p.hidden;
    Values a = recurrent(p, 0, 4, h), out(H);
    for (std::int64_t k = 0; k < 4 * H; ++k) a[k] += x[k];
    for (std::int64_t u = 0; u < H; ++u) {
        double &n = c[H + u], &m = c[2 * H + u];
        const double i = a[u], f = p.cell == Cell::slstm ? std::log(sigmoid(a[H + u])) : a[H + u];
        const double next = n == 0 ? i : std::max(f + m, i), in = std::exp(i - next), stays = std::exp(f + m - next);
        c[u] = stays * c[u] + in * std::tanh(a[2 * H + u]);
        n = stays * n + in, m = next;
        out[u] = sigmoid(a[3 * H + u]) * c[u] / n;
    }
    return out;
}

inline Values gru(const Problem& p, const double* x, const Values& h, Values& c) {
    const std::int64_t H = p.hidden;
    const bool before = p.cell == Cell::gru_reset_before;
    const Values a = recurrent(p, 0, before ? 2 : 3, h), &memory = c.empty() ? h : c;
    Values reset(H), candidate(H), out(H);
    for (std::int64_t u = 0; u < H; ++u) reset[u] = sigmoid(a[u] + x[u]);
    if (before) {
        for (std::int64_t u = 0; u < H; ++u) candidate[u] = reset[u] * h[u];
        candidate = recurrent(p, 2, 1, candidate);
    } else {
        for (std::int64_t u = 0; u < H; ++u)
            candidate[u] = reset[u] * (a[2 * H + u] + (p.bias_n.empty() ? 0 : p.bias_n[u]));
    }
    for (std::int64_t u = 0; u < H; ++u) {
        const double z = sigmoid(a[H + u] + x[H + u]), n = std::tanh(candidate[u] + x[2 * H + u]);
        out[u] = (1 - z) * n + z * memory[u];
    }
    if (!c.empty()) c = out;
    return out;
}

inline void mix(Values& fresh, const Values& old, double stays) {
    for (std::size_t k = 0; k < fresh.size(); ++k) fresh[k] = stays * old[k] + (1 - stays) * fresh[k];
}

inline void step(const Problem& p, std::int64_t row, Values& h, Values& c) {
    const Values old_h = h, old_c = c;
    const double* x = &p.from_x[static_cast<std::size_t>(row * gates(p.cell) * p.hidden)];
    if (p.cell == Cell::lstm) h = lstm(p, x, h, c);
    else if (carried(p.cell) == 3) h = slstm(p, x, h, c);
    else if (gates(p.cell) == 3) h = gru(p, x, h, c);
    else h = elman(p, x, h);
    if (!p.w_hr.empty()) h = times(p.w_hr, 0, p.width, h);
    mix(h, old_h, p.zone_h), mix(c, old_c, p.zone_c);
}

inline void restart(Values& state, const Values& to) {
    if (to.empty()) std::fill(state.begin(), state.end(), 0.0);
    else if (!state.empty()) state = to;
}

inline Outcome plain(const Problem& p) {
    const auto steps = static_cast<std::int64_t>(p.sizes.size()), P = p.width;
    const std::int64_t C = p.c0.empty() ? 0 : carried(p.cell) * p.hidden;
    Outcome out{Values(p.tokens() * P), p.h0, p.c0};
    for (std::int64_t rank = 0; rank < p.batch(); ++rank) {
        Values h = part(p.h0, rank * P, P), c = part(p.c0, rank * C, C);
        for (std::int64_t index = 0; index < steps; ++index) {
            const std::int64_t t = p.reverse ? steps - 1 - index : index, row = p.starts[t] + rank;
            if (rank >= p.sizes[t]) continue;
            if (p.resets[row]) restart(h, p.restart_h), restart(c, p.restart_c);
            step(p, row, h, c);
            std::copy(h.begin(), h.end(), &out.y[row * P]);
        }
        std::copy(h.begin(), h.end(), out.h_n.begin() + rank * P);
        std::copy(c.begin(), c.end(), out.c_n.begin() + rank * C);
    }
    return out;
}

}  // namespace throughtime
