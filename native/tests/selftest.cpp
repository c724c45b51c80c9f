// The core's own test, for machines without Python: every cell on every CPU target that runs here against a plain loop in
// double. Outputs are compared one by one; gradients by the change of a random functional along a random direction.
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "core.hpp"

using namespace throughtime;

namespace {

using Values = std::vector<double>;

struct Problem {
    Cell cell;
    std::int64_t hidden;
    std::vector<std::int64_t> sizes, starts;
    bool reverse;
    double zone_h, zone_c;
    std::vector<std::uint8_t> resets;
    Values x, w, bias_n, h0, c0;

    std::int64_t batch() const { return sizes[0]; }
    std::int64_t tokens() const { return starts.back() + sizes.back(); }
};

struct Outcome {
    Values y, h_n, c_n;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One step of one row, unit by unit.
void step(const Problem& p, std::int64_t row, Values& h, Values& c) {
    const std::int64_t H = p.hidden;
    const Values old = h;
    const auto product = [&](int gate, std::int64_t unit) {
        double sum = 0;
        for (std::int64_t k = 0; k < H; ++k) sum += p.w[static_cast<std::size_t>((gate * H + unit) * H + k)] * old[k];
        return sum;
    };
    for (std::int64_t u = 0; u < H; ++u) {
        const double* x = &p.x[static_cast<std::size_t>(row * gates(p.cell) * H + u)];
        double fresh = 0;
        if (p.cell == Cell::lstm) {
            const double i = sigmoid(x[0] + product(0, u)), f = sigmoid(x[H] + product(1, u));
            const double cell = f * c[u] + i * std::tanh(x[2 * H] + product(2, u));
            fresh = sigmoid(x[3 * H] + product(3, u)) * std::tanh(cell);
            c[u] = p.zone_c * c[u] + (1 - p.zone_c) * cell;
        } else if (p.cell == Cell::gru) {
            const double r = sigmoid(x[0] + product(0, u)), z = sigmoid(x[H] + product(1, u));
            const double n = std::tanh(x[2 * H] + r * (product(2, u) + p.bias_n[u]));
            fresh = (1 - z) * n + z * old[u];
        } else {
            const double a = x[0] + product(0, u);
            fresh = p.cell == Cell::rnn_tanh ? std::tanh(a) : std::max(a, 0.0);
        }
        h[u] = p.zone_h * old[u] + (1 - p.zone_h) * fresh;
    }
}

Outcome plain(const Problem& p) {
    const std::int64_t H = p.hidden;
    Outcome out{Values(p.tokens() * H), p.h0, p.c0};
    for (std::int64_t rank = 0; rank < p.batch(); ++rank) {
        Values h(&p.h0[rank * H], &p.h0[rank * H] + H), c(&p.c0[rank * H], &p.c0[rank * H] + H);
        const auto steps = static_cast<std::int64_t>(p.sizes.size());
        for (std::int64_t index = 0; index < steps; ++index) {
            const std::int64_t t = p.reverse ? steps - 1 - index : index;
            if (rank >= p.sizes[t]) continue;
            const std::int64_t row = p.starts[t] + rank;
            if (p.resets[row]) h.assign(H, 0), c.assign(H, 0);
            step(p, row, h, c);
            std::copy(h.begin(), h.end(), &out.y[row * H]);
        }
        std::copy(h.begin(), h.end(), &out.h_n[rank * H]);
        std::copy(c.begin(), c.end(), &out.c_n[rank * H]);
    }
    return out;
}

std::mt19937_64 generator(1);

Values drawn(std::int64_t size, double scale = 1) {
    std::normal_distribution<double> normal;
    Values values(size);
    for (double& value : values) value = static_cast<float>(scale * normal(generator));  // the same number in each type
    return values;
}

double dot(const Values& a, const Values& b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
    return sum;
}

Problem made(Cell cell, std::int64_t hidden, std::vector<std::int64_t> sizes, bool reverse, bool zones) {
    Problem p{cell, hidden, std::move(sizes), {0}, reverse, zones ? 0.25 : 0, zones ? 0.125 : 0, {}, {}, {}, {},
              {},   {}};
    for (std::size_t t = 1; t < p.sizes.size(); ++t) p.starts.push_back(p.starts[t - 1] + p.sizes[t - 1]);
    p.resets.resize(p.tokens());
    for (auto& reset : p.resets) reset = generator() % 5 == 0;
    p.x = drawn(p.tokens() * gates(cell) * hidden);
    p.w = drawn(gates(cell) * hidden * hidden, 1 / std::sqrt(hidden));
    p.bias_n = drawn(hidden), p.h0 = drawn(p.batch() * hidden), p.c0 = drawn(p.batch() * hidden);
    return p;
}

template <class T>
std::vector<T> as(const Values& values) {
    return {values.begin(), values.end()};
}

template <class T>
Values wide(const std::vector<T>& values) {
    return {values.begin(), values.end()};
}

int failures = 0, checks = 0;

void expect(bool right, const std::string& where, const char* what, double error) {
    ++checks;
    if (right) return;
    if (++failures <= 20) std::printf("WRONG: %s: %s differs by %g\n", where.c_str(), what, error);
}

void near(const Values& ours, const Values& told, double tolerance, const std::string& where, const char* what) {
    double error = 0;
    for (std::size_t k = 0; k < told.size(); ++k) {
        const double difference = std::abs(ours[k] - told[k]);
        error = difference <= error ? error : difference;  // keeps a NaN
    }
    expect(error <= tolerance, where, what, error);
}

// The core on a problem: its outputs, and the gradients of <outputs, weights of them>.
template <class T>
struct Run {
    const Target& target;
    const Problem& p;
    Shape shape;
    bool is_lstm = p.cell == Cell::lstm;
    std::vector<T> x = as<T>(p.x), w = as<T>(p.w), bias_n = as<T>(p.bias_n), h0 = as<T>(p.h0), c0 = as<T>(p.c0);
    std::vector<T> y, kept, h_n, c_n, grads, h_prev;

    Run(const Target& target_, const Problem& p_, int threads) : target(target_), p(p_), shape{} {
        const Noise noise{p.zone_h, p.zone_c, 0, false, 0, 0, nullptr};
        shape = {p.hidden,        p.batch(),       static_cast<std::int64_t>(p.sizes.size()),
                 p.sizes.data(),  p.starts.data(), p.reverse,
                 p.resets.data(), threads,         noise};
        const std::int64_t size = p.tokens() * p.hidden;
        y.resize(size), h_n.resize(h0.size()), c_n.resize(c0.size()), h_prev.resize(size);
        kept.resize(size * saved(p.cell, noise.zones())), grads.resize(size * throughtime::grads(p.cell));
    }

    std::vector<T> packed(bool backward) const {
        std::vector<T> to(target.packed_size(p.cell, p.hidden, backward, sizeof(T) == 8));
        if constexpr (sizeof(T) == 8) target.pack_double(p.cell, w.data(), p.hidden, backward, to.data());
        else target.pack_float(p.cell, w.data(), p.hidden, backward, to.data());
        return to;
    }

    void forward() {
        const std::vector<T> weights = packed(false);
        Forward<T> f{};
        f.from_x = x.data(), f.from_x_stride = gates(p.cell) * p.hidden, f.weights = weights.data();
        f.bias_n = p.cell == Cell::gru ? bias_n.data() : nullptr, f.h0 = h0.data(), f.y = y.data();
        f.y_stride = p.hidden, f.saved = kept.data(), f.h_n = h_n.data();
        if (is_lstm) f.c0 = c0.data(), f.c_n = c_n.data();
        if constexpr (sizeof(T) == 8) target.forward_double(p.cell, shape, f);
        else target.forward_float(p.cell, shape, f);
    }

    // Leaves the gradients of the initial state in grad_h and grad_c.
    void backward(const std::vector<T>& grad_y, std::vector<T>& grad_h, std::vector<T>& grad_c) {
        const std::vector<T> weights = packed(true);
        Backward<T> b{};
        b.weights = weights.data(), b.grad_y = grad_y.data(), b.grad_y_stride = p.hidden, b.y = y.data();
        b.y_stride = p.hidden, b.h0 = h0.data(), b.saved = kept.data(), b.grads = grads.data();
        b.h_prev = h_prev.data(), b.grad_h = grad_h.data();
        if (is_lstm) b.c0 = c0.data(), b.grad_c = grad_c.data();
        if constexpr (sizeof(T) == 8) target.backward_double(p.cell, shape, b);
        else target.backward_float(p.cell, shape, b);
    }

    // Gradient of W_hh: the outer product of the recurrent gates' gradients and the states that entered.
    Values grad_w() const {
        const std::int64_t H = p.hidden, G = gates(p.cell), all = throughtime::grads(p.cell);
        Values sum(G * H * H);
        for (std::int64_t row = 0; row < p.tokens(); ++row)
            for (std::int64_t g = 0; g < G * H; ++g)
                for (std::int64_t k = 0; k < H; ++k)
                    sum[g * H + k] += double(grads[row * all * H + (all - G) * H + g]) * double(h_prev[row * H + k]);
        return sum;
    }

    // Gradient of the projected input: the first gates, which the GRU gives as n, r, z.
    Values grad_x() const {
        const std::int64_t H = p.hidden, G = gates(p.cell), all = throughtime::grads(p.cell);
        Values out(p.x.size());
        for (std::int64_t row = 0; row < p.tokens(); ++row)
            for (std::int64_t g = 0; g < G; ++g)
                for (std::int64_t u = 0; u < H; ++u)
                    out[(row * G + g) * H + u] = grads[(row * all + (p.cell == Cell::gru ? (g + 1) % 3 : g)) * H + u];
        return out;
    }
};

template <class T>
void check(const Target& target, const Problem& p, int threads) {
    const std::string where = std::string(target.name) + (sizeof(T) == 8 ? " double" : " float") + " cell " +
                              std::to_string(static_cast<int>(p.cell)) + " H " + std::to_string(p.hidden) + " B " +
                              std::to_string(p.batch()) + (p.reverse ? " reverse" : "") + (p.zone_h ? " zoneout" : "") +
                              " threads " + std::to_string(threads);
    const double rounding = sizeof(T) == 8 ? 1e-11 : 1e-4;  // some hundred operations of 1e-16, or 6e-8
    const Outcome told = plain(p);
    Run<T> run(target, p, threads);
    run.forward();
    near(wide(run.y), told.y, rounding, where, "y");
    near(wide(run.h_n), told.h_n, rounding, where, "h_n");
    if (run.is_lstm) near(wide(run.c_n), told.c_n, rounding, where, "c_n");

    const Values by_y = drawn(told.y.size()), by_h = drawn(p.h0.size());
    const Values by_c = run.is_lstm ? drawn(p.c0.size()) : Values(p.c0.size());
    std::vector<T> grad_h = as<T>(by_h), grad_c = as<T>(by_c);
    run.backward(as<T>(by_y), grad_h, grad_c);
    if (p.cell == Cell::rnn_relu)
        return;  // its kinks make differences useless; the passes ran, the rnn shares the code

    const auto functional = [&](const Problem& at) {
        const Outcome out = plain(at);
        return dot(out.y, by_y) + dot(out.h_n, by_h) + dot(out.c_n, by_c);
    };
    const auto along = [&](Values Problem::* part, const Values& gradient, const char* what) {
        const double eps = 1e-5;
        const Values direction = drawn((p.*part).size(), 1 / std::sqrt((p.*part).size()));
        Problem up = p, down = p;
        for (std::size_t k = 0; k < direction.size(); ++k)
            (up.*part)[k] += eps * direction[k], (down.*part)[k] -= eps * direction[k];
        const double slope = (functional(up) - functional(down)) / (2 * eps);
        const double error = std::abs(slope - dot(gradient, direction));
        const double allowed = sizeof(T) == 8 ? 1e-7 : 2e-4;  // of the difference quotient, of float's rounding
        expect(error <= allowed * (1 + std::sqrt(dot(gradient, gradient))), where, what, error);
    };
    along(&Problem::x, run.grad_x(), "gradient of x");
    along(&Problem::w, run.grad_w(), "gradient of W_hh");
    along(&Problem::h0, wide(grad_h), "gradient of h0");
    if (run.is_lstm) along(&Problem::c0, wide(grad_c), "gradient of c0");
}

std::vector<const Target*> targets() {
    std::vector<const Target*> found{&portable_target()};
#if defined(THROUGHTIME_X86)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&avx2_target());
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw"))
        found.push_back(&avx512_target());
#endif
    return found;
}

}  // namespace

int main() {
    const std::vector<std::vector<std::int64_t>> batches{{1}, {1, 1, 1, 1, 1}, {3, 3, 2, 1}, {19, 13, 13, 1}};
    for (const Target* target : targets()) {
        for (Cell cell : {Cell::rnn_tanh, Cell::rnn_relu, Cell::lstm, Cell::gru})
            for (std::int64_t hidden : {1, 4, 17, 35})
                for (const auto& sizes : batches)
                    for (int flags = 0; flags < 8; ++flags) {
                        const Problem p = made(cell, hidden, sizes, flags & 1, flags & 2);
                        check<float>(*target, p, flags & 4 ? 3 : 1);
                        check<double>(*target, p, flags & 4 ? 3 : 1);
                    }
        std::printf("%s: %d values and gradients so far, %d wrong\n", target->name, checks, failures);
    }
    return failures ? 1 : 0;
}
