// Sweeps of diagonal cells with random numbers, and the core on them.
#pragma once

#include <limits>

#include "diagonal_plain.hpp"
#include "run.hpp"

namespace throughtime {

// Which blocks of x a sigmoid is taken of: the first, and how many.
inline std::pair<int, int> squashed(Diagonal cell) {
    if (cell == Diagonal::given || cell == Diagonal::lru) return {0, 0};
    if (cell == Diagonal::indrnn_relu || cell == Diagonal::indrnn_tanh) return {0, 0};
    if (cell == Diagonal::mingru || cell == Diagonal::mingru_log) return {0, 1};
    return {cell == Diagonal::sru ? 1 : 0, 2};
}

inline DiagonalProblem made(const Target& target, Diagonal cell, std::int64_t hidden,
                            const std::vector<std::int64_t>& sizes) {
    const std::vector<int> counts = target.diagonal_sizes(cell);
    const auto bits = generator();
    DiagonalProblem p{cell, counts[0], counts[1], counts[2], hidden, sizes, {0}, (bits & 1) != 0, {}};
    for (std::size_t t = 1; t < sizes.size(); ++t) p.starts.push_back(p.starts[t - 1] + sizes[t - 1]);
    p.resets.resize(p.tokens());
    for (auto& reset : p.resets) reset = generator() % 8 == 0;
    p.x = drawn(p.tokens() * p.gates * hidden), p.own = drawn(p.numbers * hidden, 0.3);
    if (cell == Diagonal::given)  // what is kept must not grow
        for (std::int64_t k = 0; k < p.tokens() * hidden; ++k) p.x[k / hidden * 2 * hidden + k % hidden] *= 0.5;
    const auto [first, count] = squashed(cell);
    for (std::int64_t k = 0; k < p.tokens() * p.gates * hidden; ++k) {  // some gates are open or closed for good
        const std::int64_t block = k / hidden % p.gates;
        if (block >= first && block < first + count && generator() % 8 == 0) p.x[k] *= 100;
    }
    for (double& each : p.own) each = cell == Diagonal::rglru ? std::abs(each) + 0.1 : std::clamp(each, -0.7, 0.7);
    p.own = wide(as<float>(p.own)), p.initial = drawn(p.states * p.batch() * hidden);
    if (bits & 2) p.restart = drawn(p.states * hidden);
    return p;
}

inline void run(const Target& to, Diagonal cell, const Shape& shape, const DiagonalForward<float>& f) {
    to.diagonal_forward_float(cell, shape, f);
}
inline void run(const Target& to, Diagonal cell, const Shape& shape, const DiagonalForward<double>& f) {
    to.diagonal_forward_double(cell, shape, f);
}
inline void run(const Target& to, Diagonal cell, const Shape& shape, const DiagonalBackward<float>& b) {
    to.diagonal_backward_float(cell, shape, b);
}
inline void run(const Target& to, Diagonal cell, const Shape& shape, const DiagonalBackward<double>& b) {
    to.diagonal_backward_double(cell, shape, b);
}

// The core on a problem in T; its rows of x lie further apart than they are wide, with NaN between.
template <class T>
class DiagonalRun {
  public:
    const Target& target;
    const DiagonalProblem& p;
    const std::int64_t H = p.hidden, B = p.batch(), N = p.tokens(), row = p.gates * H + 3;
    Shape shape{};
    std::vector<T> states{std::vector<T>(p.states * N * H)}, finals{std::vector<T>(p.initial.size())};

    DiagonalRun(const Target& target_, const DiagonalProblem& p_, int threads) : target(target_), p(p_) {
        shape.input = shape.hidden = shape.width = H, shape.batch = B;
        shape.steps = static_cast<std::int64_t>(p.sizes.size());
        shape.sizes = p.sizes.data(), shape.starts = p.starts.data(), shape.reverse = p.reverse;
        shape.resets = p.resets.data(), shape.threads = threads;
        x.assign(N * row, std::numeric_limits<T>::quiet_NaN());
        for (std::int64_t n = 0; n < N; ++n)
            for (std::int64_t k = 0; k < p.gates * H; ++k) x[n * row + k] = static_cast<T>(p.x[n * p.gates * H + k]);
    }

    void forward() {
        DiagonalForward<T> f{};
        enter(f);
        for (int k = 0; k < p.states; ++k)
            f.states[k] = states.data() + k * N * H, f.finals[k] = finals.data() + k * B * H;
        run(target, p.cell, shape, f);
    }

    // Gradients of the parts of a problem, from those of its outcome; states of no gradient are those of none at all.
    DiagonalProblem backward(const DiagonalOutcome& by) {
        DiagonalBackward<T> b{};
        enter(b);
        const std::vector<T> given = as<T>(by.states);
        std::vector<T> grad_x(N * row), grad = as<T>(by.finals), sums((p.numbers + p.states) * H);
        for (int g = 0; g < p.gates; ++g) b.grad_x[g] = grad_x.data() + g * H, b.grad_x_stride[g] = row;
        for (int k = 0; k < p.states; ++k) {
            b.states[k] = states.data() + k * N * H, b.grad[k] = grad.data() + k * B * H;
            b.grad_states[k] = given.empty() ? nullptr : given.data() + k * N * H;
        }
        b.sums = sums.data();
        run(target, p.cell, shape, b);
        DiagonalProblem out = p;
        for (std::int64_t n = 0; n < N; ++n)
            for (std::int64_t k = 0; k < p.gates * H; ++k) out.x[n * p.gates * H + k] = grad_x[n * row + k];
        out.own = part(wide(sums), 0, p.numbers * H), out.initial = wide(grad);
        if (!p.restart.empty()) out.restart = part(wide(sums), p.numbers * H, p.states * H);
        return out;
    }

  private:
    std::vector<T> x, own = as<T>(p.own), initial = as<T>(p.initial), restart = as<T>(p.restart);

    template <class Call>
    void enter(Call& call) const {
        for (int g = 0; g < p.gates; ++g) call.x[g] = x.data() + g * H, call.x_stride[g] = row;
        for (int n = 0; n < p.numbers; ++n) call.own[n] = own.data() + n * H;
        for (int k = 0; k < p.states; ++k) {
            call.initial[k] = initial.data() + k * B * H;
            call.restart[k] = restart.empty() ? nullptr : restart.data() + k * H;
        }
    }
};

}  // namespace throughtime
