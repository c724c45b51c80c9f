// The core's own test, for machines without Python: every cell and option on every CPU target that runs here against a
// plain loop in double. Outputs are compared one by one; gradients by the change of a random functional along a random
// direction.
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>

#include "plain.hpp"

using namespace throughtime;

namespace {

// Which options a problem has; those that its cell does not know are left out.
struct Options {
    bool reverse, zones, restart, peepholes, normed, projected;
    bool fused;  // the core makes W_ih x itself
    int threads;
};

Options options_drawn() {
    const auto bits = generator();
    const auto on = [&](int bit) { return (bits >> bit & 1) != 0; };
    return {on(0), on(1), on(2), on(3), on(4), on(5), on(6), on(7) ? 3 : 1};
}

Problem made(Cell cell, std::int64_t input, std::int64_t hidden, const std::vector<std::int64_t>& sizes, const Options& o) {
    const std::int64_t G = gates(cell), H = hidden;
    const bool is_lstm = cell == Cell::lstm, projected = o.projected && (is_lstm || cell == Cell::gru);
    const bool normed = o.normed && H > 16;  // fewer numbers may all be near to their mean
    const std::int64_t P = projected ? H / 2 + 1 : H;
    Problem p{.cell = cell, .input = input, .hidden = H, .width = P, .sizes = sizes, .starts = {0}, .reverse = o.reverse,
              .zone_h = o.zones ? 0.25 : 0, .zone_c = o.zones ? 0.125 : 0};
    for (std::size_t t = 1; t < sizes.size(); ++t) p.starts.push_back(p.starts[t - 1] + sizes[t - 1]);
    p.resets.resize(p.tokens());
    for (auto& reset : p.resets) reset = generator() % 5 == 0;
    p.x = drawn(p.tokens() * input), p.w_ih = drawn(G * H * input, 1 / std::sqrt(input)), p.bias = drawn(G * H);
    for (std::int64_t row = 0; row < p.tokens(); ++row) {
        const Values product = times(p.w_ih, 0, G * H, part(p.x, row * input, input));
        for (std::int64_t k = 0; k < G * H; ++k) p.from_x.push_back(product[k] + p.bias[k]);
    }
    p.w = drawn(G * H * P, 1 / std::sqrt(P)), p.h0 = drawn(p.batch() * P);
    if (is_lstm || projected) p.c0 = drawn(p.batch() * H);
    if (projected) p.w_hr = drawn(P * H, 1 / std::sqrt(H));
    if (cell == Cell::gru && !normed) p.bias_n = drawn(H);
    if (is_lstm && o.peepholes) p.peepholes = drawn(3 * H);
    if (normed) p.gain = drawn(G * H, 0.2, 1), p.shift = drawn(G * H);
    if (normed && is_lstm) p.gain_c = drawn(H, 0.2, 1), p.shift_c = drawn(H);
    if (o.restart) p.restart_h = drawn(P);
    if (o.restart && !p.c0.empty()) p.restart_c = drawn(H);
    return p;
}

template <class T>
std::vector<T> as(const Values& values) {
    return {values.begin(), values.end()};
}

template <>
std::vector<Bfloat16> as(const Values& values) {
    std::vector<Bfloat16> narrow;
    for (const float value : as<float>(values)) {
        std::uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        narrow.push_back({static_cast<std::uint16_t>((bits + 0x8000) >> 16)});
    }
    return narrow;
}

Values wide(const std::vector<Bfloat16>& values) {
    Values out;
    for (const Bfloat16 value : values) {
        const std::uint32_t bits = std::uint32_t{value.bits} << 16;
        float each;
        std::memcpy(&each, &bits, sizeof each);
        out.push_back(each);
    }
    return out;
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
    expect(ours.size() == told.size() && error <= tolerance, where, what, error);
}

void pack(const Target& to, int sums, const float* w, std::int64_t units, std::int64_t depth, bool back, float* packed) {
    to.pack_float(sums, w, units, depth, back, packed, 2);
}
void pack(const Target& to, int sums, const double* w, std::int64_t units, std::int64_t depth, bool back, double* packed) {
    to.pack_double(sums, w, units, depth, back, packed, 2);
}
void pack(const Target& to, int sums, const Bfloat16* w, std::int64_t units, std::int64_t depth, bool, Bfloat16* packed) {
    to.pack_bfloat16(sums, w, units, depth, packed, 2);
}
void run(const Target& target, Cell cell, const Shape& shape, const Forward<float, float>& f) {
    target.forward_float(cell, shape, f);
}
void run(const Target& target, Cell cell, const Shape& shape, const Forward<double, double>& f) {
    target.forward_double(cell, shape, f);
}
void run(const Target& target, Cell cell, const Shape& shape, const Forward<float, Bfloat16>& f) {
    target.forward_bfloat16(cell, shape, f);
}
void run(const Target& target, Cell cell, const Shape& shape, const Backward<float>& b) {
    target.backward_float(cell, shape, b);
}
void run(const Target& target, Cell cell, const Shape& shape, const Backward<double>& b) {
    target.backward_double(cell, shape, b);
}
void run(const Target& target, const Product<float>& p) { target.product_float(p, 2); }
void run(const Target& target, const Product<double>& p) { target.product_double(p, 2); }

// The core on a problem, its state in T, its rows and weights in S.
template <class T, class S>
class Run {
  public:
    const Target& target;
    const Problem& p;
    const Options& o;
    const Cell cell = p.cell;
    const std::int64_t H = p.hidden, P = p.width, N = p.tokens(), G = gates(cell), all = throughtime::grads(cell);
    const bool apart = cell == Cell::gru_reset_before;
    Shape shape;
    std::vector<S> y{std::vector<S>(N * P)};
    std::vector<T> h_n{std::vector<T>(p.h0.size())}, c_n{std::vector<T>(p.c0.size())};

    Run(const Target& target_, const Problem& p_, const Options& o_) : target(target_), p(p_), o(o_), shape{} {
        const Noise noise{p.zone_h, p.zone_c, 0, false, 0, 0, nullptr, 0};
        shape = {p.input,         H,         P,         p.batch(), static_cast<std::int64_t>(p.sizes.size()), p.sizes.data(),
                 p.starts.data(), p.reverse, p.resets.data(), o.threads, noise};
        kept.resize(N * H * saved(cell, {p.zone_h > 0, !p.w_hr.empty(), !p.gain.empty()}).slots);
        numbers.resize(N * throughtime::stats);
    }

    void forward(bool keep = true) {
        Forward<T, S> f{};
        if (o.fused) f.x = put<S>(p.x), f.weights_ih = packed<S>(p.w_ih, G, p.input, false), f.bias = put<T>(p.bias);
        else f.from_x = put<T>(p.from_x);
        f.x_stride = p.input, f.y_stride = P;
        f.weights = packed<S>(gating(), apart ? 2 : G, P, false), f.weights_n = packed<S>(candidate(), 1, H, false);
        f.weights_hr = packed<S>(p.w_hr, 1, H, false), f.extras = extras(), f.h0 = put<T>(p.h0), f.c0 = put<T>(p.c0);
        f.y = y.data(), f.h_n = h_n.data(), f.c_n = c_n.empty() ? nullptr : c_n.data();
        if (keep) f.saved = kept.data(), f.stats = p.gain.empty() ? nullptr : numbers.data();
        run(target, cell, shape, f);
    }

    // Gradients of the parts of a problem, from those of its outcome.
    Problem backward(const Outcome& by) requires std::is_same_v<T, S> {
        Backward<T> b{};
        std::vector<T> grads(N * all * H), raw(p.gain.size() ? N * G * H : 0), h_prev(N * P), reset_h(apart ? N * H : 0);
        std::vector<T> grad_m(p.w_hr.size() ? N * P : 0), m(p.w_hr.size() ? N * H : 0), grad_h = as<T>(by.h_n);
        std::vector<T> grad_c = as<T>(by.c_n), sums(o.threads * sums_width(cell, shape));
        b.weights = packed<T>(gating(), apart ? 2 : G, P, true), b.weights_n = packed<T>(candidate(), 1, H, true);
        b.weights_hr = packed<T>(p.w_hr, 1, H, true), b.extras = extras(), b.grad_y = put<T>(by.y), b.grad_y_stride = P;
        b.y = y.data(), b.y_stride = P, b.h0 = put<T>(p.h0), b.c0 = put<T>(p.c0), b.saved = kept.data();
        b.stats = numbers.data(), b.grads = grads.data(), b.raw = some(raw), b.h_prev = h_prev.data();
        b.reset_h = some(reset_h), b.grad_m = some(grad_m), b.m = some(m), b.grad_h = grad_h.data();
        b.grad_c = some(grad_c), b.sums = sums.data();
        run(target, cell, shape, b);

        Problem out{};
        const T *from_h = grads.data() + (all - G) * H, *products = raw.empty() ? from_h : raw.data();
        const std::int64_t stride = raw.empty() ? all * H : G * H, first = apart ? 2 : G;
        out.w = product(products, stride, first * H, h_prev.data(), P);
        const Values n = apart ? product(products + 2 * H, stride, H, reset_h.data(), H) : Values{};
        out.w.insert(out.w.end(), n.begin(), n.end());
        out.w_hr = m.empty() ? Values{} : product(grad_m.data(), P, P, m.data(), H);
        product(from_h, all * H, G * H, h_prev.data(), P, &out.shift);
        if (p.bias_n.size()) out.bias_n = part(out.shift, 2 * H, H);
        out.from_x = from_x(grads), out.h0 = wide(grad_h), out.c0 = wide(grad_c);
        add_sums(wide(sums), out);
        return out;
    }

  private:
    std::vector<T> kept, numbers;
    std::deque<std::vector<T>> wide_parts;
    std::deque<std::vector<S>> narrow_parts;

    template <class U>
    auto& parts() {
        if constexpr (std::is_same_v<U, S>) return narrow_parts;
        else return wide_parts;
    }
    static T* some(std::vector<T>& values) { return values.empty() ? nullptr : values.data(); }

    // In the core's type, as long as this lives; null where the part is not there.
    template <class U>
    const U* put(const Values& values) {
        return values.empty() ? nullptr : parts<U>().emplace_back(as<U>(values)).data();
    }

    template <class U>
    const U* packed(const Values& w, int sums, std::int64_t depth, bool back) {
        if (w.empty()) return nullptr;
        const std::vector<U> from = as<U>(w);
        const std::int64_t units = static_cast<std::int64_t>(w.size()) / depth / sums;
        auto& to = parts<U>().emplace_back(target.packed_size(sums, units, depth, back, sizeof(U)));
        pack(target, sums, from.data(), units, depth, back, to.data());
        return to.data();
    }

    Values gating() const { return part(p.w, 0, (apart ? 2 : G) * H * P); }
    Values candidate() const { return apart ? part(p.w, 2 * H * P, H * P) : Values{}; }

    Extras<T> extras() {
        return {put<T>(p.bias_n), put<T>(p.peepholes), put<T>(p.gain),      put<T>(p.shift),
                put<T>(p.gain_c), put<T>(p.shift_c),   put<T>(p.restart_h), put<T>(p.restart_c)};
    }

    Values product(const T* a, std::int64_t stride, std::int64_t left, const T* b, std::int64_t right, Values* sums = {}) {
        std::vector<T> c(left * right), columns(left);
        run(target, Product<T>{N, left, right, a, stride, b, right, c.data(), columns.data()});
        if (sums) *sums = wide(columns);
        return wide(c);
    }

    // Gradient of the projected input: the first gates, which the GRU gives as n, r, z.
    Values from_x(const std::vector<T>& grads) const {
        Values out(p.from_x.size());
        for (std::int64_t row = 0; row < N; ++row)
            for (std::int64_t g = 0; g < G; ++g)
                for (std::int64_t u = 0; u < H; ++u)
                    out[(row * G + g) * H + u] = grads[(row * all + (cell == Cell::gru ? (g + 1) % 3 : g)) * H + u];
        return out;
    }

    void add_sums(const Values& sums, Problem& out) const {
        const std::int64_t size = sums_width(cell, shape);
        Values total(size);
        for (std::size_t k = 0; k < sums.size(); ++k) total[k % size] += sums[k];
        std::int64_t first = 0;
        const auto next = [&](std::int64_t count) { return part(total, (first += count) - count, count); };
        out.peepholes = next(3 * H), out.gain = next(G * H), out.gain_c = next(H), out.shift_c = next(H);
        out.restart_h = next(P), out.restart_c = next(H);
    }
};

std::string described(const Target& target, const Problem& p, const Options& o, const char* type) {
    std::string text = std::string(target.name) + " " + type + " cell " + std::to_string(static_cast<int>(p.cell)) +
                       " H " + std::to_string(p.hidden) + " B " + std::to_string(p.batch()) + " threads " +
                       std::to_string(o.threads);
    const std::pair<bool, const char*> on[] = {{o.reverse, " reverse"},           {o.zones, " zoneout"},
                                               {o.restart, " restart"},           {!p.peepholes.empty(), " peepholes"},
                                               {!p.gain.empty(), " layer norm"},  {!p.w_hr.empty(), " projection"},
                                               {o.fused, " input's projection"}};
    for (const auto& [is_on, name] : on) text += is_on ? name : "";
    return text;
}

// Each gradient along a random direction, against the difference of the plain loop's outcomes.
void check_gradients(const Problem& p, const Problem& gradients, const Outcome& by, double allowed, const std::string& where) {
    const auto functional = [&](const Problem& at) {
        const Outcome out = plain(at);
        return dot(out.y, by.y) + dot(out.h_n, by.h_n) + dot(out.c_n, by.c_n);
    };
    const std::pair<Values Problem::*, const char*> all[] = {
        {&Problem::from_x, "gradient of W_ih x"}, {&Problem::w, "gradient of W_hh"},
        {&Problem::bias_n, "gradient of b_hn"}, {&Problem::w_hr, "gradient of W_hr"},
        {&Problem::peepholes, "gradient of the peepholes"}, {&Problem::gain, "gradient of the gain"},
        {&Problem::shift, "gradient of the shift"}, {&Problem::gain_c, "gradient of c's gain"},
        {&Problem::shift_c, "gradient of c's shift"}, {&Problem::restart_h, "gradient of the restart of h"},
        {&Problem::restart_c, "gradient of the restart of c"}, {&Problem::h0, "gradient of h0"},
        {&Problem::c0, "gradient of c0"}};
    for (const auto& [member, what] : all) {
        if ((p.*member).empty()) continue;
        const double eps = 1e-5;
        const Values &gradient = gradients.*member, direction = drawn((p.*member).size(), 1 / std::sqrt((p.*member).size()));
        Problem up = p, down = p;
        for (std::size_t k = 0; k < direction.size(); ++k)
            (up.*member)[k] += eps * direction[k], (down.*member)[k] -= eps * direction[k];
        const double slope = (functional(up) - functional(down)) / (2 * eps);
        const double error = std::abs(slope - dot(gradient, direction));
        expect(error <= allowed * (1 + std::sqrt(dot(gradient, gradient))), where, what, error);
    }
}

template <class T>
void check(const Target& target, const Problem& p, const Options& o) {
    const std::string where = described(target, p, o, sizeof(T) == 8 ? "double" : "float");
    const double rounding = sizeof(T) == 8 ? 1e-11 : 1e-4;  // some hundred operations of 1e-16, or 6e-8
    const Outcome told = plain(p);
    Run<T, T> core(target, p, o);
    core.forward();
    near(wide(core.y), told.y, rounding, where, "y");
    near(wide(core.h_n), told.h_n, rounding, where, "h_n");
    near(wide(core.c_n), told.c_n, rounding, where, "c_n");
    const Outcome by{drawn(told.y.size()), drawn(told.h_n.size()), drawn(told.c_n.size())};
    const Problem gradients = core.backward(by);
    if (p.cell == Cell::rnn_relu) return;  // its kinks make differences useless; the passes ran, the rnn shares the code
    check_gradients(p, gradients, by, sizeof(T) == 8 ? 1e-7 : 2e-4, where);  // of the difference, of float's rounding
}

// Pairs of bfloat16, where the target multiplies them: weights, rows and the h of a product lose 2^-9.
void check_bfloat16(const Target& target, Problem p, Options o) {
    o.fused = true;
    Run<float, Bfloat16> core(target, p, o);
    const Outcome told = plain(p);
    core.forward(false);
    const std::string where = described(target, p, o, "bfloat16");
    near(wide(core.y), told.y, 0.1, where, "y");
    near(wide(core.h_n), told.h_n, 0.1, where, "h_n");
    near(wide(core.c_n), told.c_n, 0.1, where, "c_n");
}

std::vector<const Target*> targets() {
    std::vector<const Target*> found{&portable_target()};
#if defined(THROUGHTIME_X86)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&avx2_target());
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw"))
        found.push_back(&avx512_target());
    if (__builtin_cpu_supports("avx512bf16")) found.push_back(&avx512bf16_target());
#endif
    return found;
}

void check_cell(const Target& target, Cell cell, std::int64_t hidden, const std::vector<std::int64_t>& sizes) {
    const Options o = options_drawn();
    const Problem p = made(cell, 3, hidden, sizes, o);
    check<float>(target, p, o);
    check<double>(target, p, o);
    if (!target.forward_bfloat16 || hidden % 2 || cell == Cell::gru_reset_before) return;
    const Options plainly{.reverse = o.reverse, .zones = o.zones, .threads = o.threads};
    check_bfloat16(target, made(cell, 4, hidden, sizes, plainly), plainly);
}

}  // namespace

int main() {
    const std::vector<std::vector<std::int64_t>> batches{{1}, {1, 1, 1, 1, 1}, {3, 3, 2, 1}, {19, 13, 13, 1}};
    const Cell cells[] = {Cell::rnn_tanh, Cell::rnn_relu, Cell::lstm, Cell::gru, Cell::gru_reset_before};
    for (const Target* target : targets()) {
        for (const Cell cell : cells) {
            for (std::int64_t hidden : {1, 4, 17, 34})
                for (const auto& sizes : batches)
                    for (int repeat = 0; repeat < 8; ++repeat) check_cell(*target, cell, hidden, sizes);
            for (int repeat = 0; repeat < 8; ++repeat) check_cell(*target, cell, 130, {2, 2, 1});  // units are split
        }
        std::printf("%s: %d values and gradients so far, %d wrong\n", target->name, checks, failures);
    }
    return failures ? 1 : 0;
}
