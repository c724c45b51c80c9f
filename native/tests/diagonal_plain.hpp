// A sweep of a diagonal cell as a plain loop in double, row by row and unit by unit.
#pragma once

#include <complex>

#include "plain.hpp"

namespace throughtime {

// What goes into a sweep; a restart of no size is not there.
struct DiagonalProblem {
    Diagonal cell;
    int gates, numbers, states;
    std::int64_t hidden;
    std::vector<std::int64_t> sizes, starts;
    bool reverse;
    std::vector<std::uint8_t> resets;  // in the order of the direction
    Values x{};                        // (N, gates, H)
    Values own{};                      // (numbers, H)
    Values initial{};                  // (states, B, H)
    Values restart{};                  // (states, H)

    std::int64_t batch() const { return sizes[0]; }
    std::int64_t tokens() const { return starts.back() + sizes.back(); }
};

struct DiagonalOutcome {
    Values states, finals;  // (states, N, H), (states, B, H)
};

inline double positive(double x) { return x >= 0 ? x + 0.5 : sigmoid(x); }

// One step of one unit: s is the state before, and becomes that after.
inline void linear_step(Diagonal cell, const double* x, const double* own, double* s) {
    const bool logs = cell == Diagonal::mingru_log || cell == Diagonal::minlstm_log;
    if (cell == Diagonal::given) {
        s[0] = x[0] * s[0] + x[1];
    } else if (cell == Diagonal::mingru || cell == Diagonal::mingru_log) {
        const double z = sigmoid(x[0]);
        s[0] = (1 - z) * s[0] + z * (logs ? positive(x[1]) : x[1]);
    } else if (cell == Diagonal::minlstm || cell == Diagonal::minlstm_log) {
        const double f = 1 / (1 + (1 + std::exp(-x[1])) / (1 + std::exp(-x[0])));
        s[0] = f * s[0] + (1 - f) * (logs ? positive(x[2]) : x[2]);
    } else if (cell == Diagonal::lru) {
        const std::complex<double> after =
            std::complex<double>(own[0], own[1]) * std::complex<double>(s[0], s[1]) + std::complex<double>(x[0], x[1]);
        s[0] = after.real(), s[1] = after.imag();
    } else {
        const double log_a = -own[0] * sigmoid(x[0]);
        s[0] = std::exp(log_a) * s[0] + std::sqrt(-std::expm1(2 * log_a)) * sigmoid(x[1]) * x[2];
    }
}

inline void unit_step(Diagonal cell, const double* x, const double* own, double* s) {
    if (cell < Diagonal::sru) return linear_step(cell, x, own, s);
    if (cell == Diagonal::sru) {  // the state is (h, c)
        const double f = sigmoid(x[1] + own[0] * s[1]), r = sigmoid(x[2] + own[1] * s[1]);
        s[1] = f * s[1] + (1 - f) * x[0];
        s[0] = r * s[1] + (1 - r) * x[3];
    } else if (cell == Diagonal::paragru) {
        const double z = sigmoid(x[0] + own[0] * s[0]), r = sigmoid(x[1] + own[1] * s[0]);
        s[0] = (1 - z) * s[0] + z * std::tanh(x[2] + own[2] * (r * s[0]));
    } else {
        const double a = x[0] + own[0] * s[0];
        s[0] = cell == Diagonal::indrnn_tanh ? std::tanh(a) : std::max(a, 0.0);
    }
}

inline DiagonalOutcome plain(const DiagonalProblem& p) {
    const auto steps = static_cast<std::int64_t>(p.sizes.size()), H = p.hidden, B = p.batch(), N = p.tokens();
    DiagonalOutcome out{Values(p.states * N * H), p.initial};
    double x[most_gates], own[most_numbers], s[most_states];
    for (std::int64_t rank = 0; rank < B; ++rank)
        for (std::int64_t u = 0; u < H; ++u) {
            for (int n = 0; n < p.numbers; ++n) own[n] = p.own[n * H + u];
            for (int k = 0; k < p.states; ++k) s[k] = p.initial[(k * B + rank) * H + u];
            for (std::int64_t index = 0; index < steps; ++index) {
                const std::int64_t t = p.reverse ? steps - 1 - index : index, row = p.starts[t] + rank;
                if (rank >= p.sizes[t]) continue;
                for (int k = 0; k < p.states && p.resets[row]; ++k) s[k] = p.restart.empty() ? 0 : p.restart[k * H + u];
                for (int g = 0; g < p.gates; ++g) x[g] = p.x[(row * p.gates + g) * H + u];
                unit_step(p.cell, x, own, s);
                for (int k = 0; k < p.states; ++k) out.states[(k * N + row) * H + u] = s[k];
            }
            for (int k = 0; k < p.states; ++k) out.finals[(k * B + rank) * H + u] = s[k];
        }
    return out;
}

}  // namespace throughtime
