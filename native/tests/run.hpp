// The core on a problem: types converted, weights packed, room made, gradients gathered.
#pragma once

#include <cstring>
#include <deque>

#include "drawn.hpp"

namespace throughtime {

template <class T>
std::vector<T> as(const Values& values) {
    return {values.begin(), values.end()};
}

template <>
inline std::vector<Bfloat16> as(const Values& values) {
    std::vector<Bfloat16> narrow;
    for (const float value : as<float>(values)) {
        std::uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        narrow.push_back({static_cast<std::uint16_t>((bits + 0x8000) >> 16)});
    }
    return narrow;
}

inline Values wide(const std::vector<Bfloat16>& values) {
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

inline void pack(const Target& to, int sums, const float* w, std::int64_t units, std::int64_t depth, bool back,
                 float* packed) {
    to.pack_float(sums, w, units, depth, back, packed, 2);
}
inline void pack(const Target& to, int sums, const double* w, std::int64_t units, std::int64_t depth, bool back,
                 double* packed) {
    to.pack_double(sums, w, units, depth, back, packed, 2);
}
inline void pack(const Target& to, int sums, const Bfloat16* w, std::int64_t units, std::int64_t depth, bool,
                 Bfloat16* packed) {
    to.pack_bfloat16(sums, w, units, depth, packed, 2);
}
inline void run(const Target& target, Cell cell, const Shape& shape, const Forward<float, float>& f) {
    target.forward_float(cell, shape, f);
}
inline void run(const Target& target, Cell cell, const Shape& shape, const Forward<double, double>& f) {
    target.forward_double(cell, shape, f);
}
inline void run(const Target& target, Cell cell, const Shape& shape, const Forward<float, Bfloat16>& f) {
    target.forward_bfloat16(cell, shape, f);
}
inline void run(const Target& target, Cell cell, const Shape& shape, const Backward<float>& b) {
    target.backward_float(cell, shape, b);
}
inline void run(const Target& target, Cell cell, const Shape& shape, const Backward<double>& b) {
    target.backward_double(cell, shape, b);
}
inline void run(const Target& target, const Product<float>& p) { target.product_float(p, 2); }
inline void run(const Target& target, const Product<double>& p) { target.product_double(p, 2); }

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
        const auto steps = static_cast<std::int64_t>(p.sizes.size());
        shape = {p.input,         H,         P,    p.batch(), steps, p.sizes.data(), p.starts.data(), p.reverse,
                 p.resets.data(), o.threads, noise};
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
    Problem backward(const Outcome& by) {
        Backward<T> b{};
        std::vector<T> grads(N * all * H), raw(p.gain.size() ? N * G * H : 0), h_prev(N * P);
        std::vector<T> reset_h(apart ? N * H : 0), grad_m(p.w_hr.size() ? N * P : 0), m(p.w_hr.size() ? N * H : 0);
        std::vector<T> grad_h = as<T>(by.h_n), grad_c = as<T>(by.c_n), sums(o.threads * sums_width(cell, shape));
        b.weights = packed<T>(gating(), apart ? 2 : G, P, true), b.weights_n = packed<T>(candidate(), 1, H, true);
        b.weights_hr = packed<T>(p.w_hr, 1, H, true), b.extras = extras(), b.grad_y = put<T>(by.y), b.grad_y_stride = P;
        b.y = y.data(), b.y_stride = P, b.h0 = put<T>(p.h0), b.c0 = put<T>(p.c0), b.saved = kept.data();
        b.stats = numbers.data(), b.grads = grads.data(), b.raw = some(raw), b.h_prev = h_prev.data();
        b.reset_h = some(reset_h), b.grad_m = some(grad_m), b.m = some(m), b.grad_h = grad_h.data();
        b.grad_c = some(grad_c), b.sums = sums.data();
        run(target, cell, shape, b);

        Problem out{cell, p.input, H, P, p.sizes, p.starts};
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

    Values product(const T* a, std::int64_t stride, std::int64_t left, const T* b, std::int64_t right,
                   Values* sums = {}) {
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
        out.restart_h = next(P), out.restart_c = next(carried(cell) * H);
    }
};

}  // namespace throughtime
