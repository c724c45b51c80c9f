// Cells: what happens to the sums of one block of units of one row. The loop around them is in sweep.hpp.
#pragma once

#include "core.hpp"
#include "lanes.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// Where one block of units of one row finds its values; `at` is the block's first unit, `n` how many units it has.
template <class T>
struct Place {
    std::int64_t hidden;
    std::int64_t at;
    int n;
    const T* from_x;  // this row's projection, (G*H)
    const T* bias_n;  // (H)
    const T* h_prev;  // (H)
    const T* c_prev;  // (H)
    T* h;             // (H) out
    T* c;             // (H) out
    T* saved;         // (saved*H) out, or null
    const T* zone_h;  // (H) share of the old h that stays, or null
    const T* zone_c;  // (H) likewise for c, or null

    // What is handed on: the fresh value, or its mixture with the old one.
    Vector<T> zoned(const T* zone, const T* old, Vector<T> fresh) const {
        if (!zone) return fresh;
        const Vector<T> share = load<T>(zone + at, n);
        return share * load<T>(old + at, n) + (T(1) - share) * fresh;
    }
    void hand_on(Vector<T> fresh) const { store<T>(h + at, zoned(zone_h, h_prev, fresh), n); }

    Vector<T> x(int gate) const { return load<T>(from_x + gate * hidden + at, n); }
    void keep(int slot, Vector<T> value) const { store<T>(saved + slot * hidden + at, value, n); }
};

// The same for the backward pass.
template <class T>
struct BackPlace {
    std::int64_t hidden;
    std::int64_t at;
    int n;
    const T* h_prev;  // (H)
    const T* c_prev;  // (H)
    const T* y;       // (H) h of this row
    const T* saved;   // (saved*H)
    T* grads;         // (grads*H) out
    T* grad_h;        // (H) in: gradient of h. out: what reaches h_prev without the recurrent product
    T* grad_c;        // (H) in and out
    const T* zone_h;  // as in forward
    const T* zone_c;

    // Splits the gradient of what was handed on: returns the fresh value's part, leaves the old one's in `old`.
    Vector<T> fresh(const T* zone, const T* grad, Vector<T>& old) const {
        const Vector<T> whole = load<T>(grad + at, n);
        if (!zone) return old = Vector<T>{}, whole;
        old = load<T>(zone + at, n) * whole;
        return whole - old;
    }

    Vector<T> take(int slot) const { return load<T>(saved + slot * hidden + at, n); }
    void put(int slot, Vector<T> value) const { store<T>(grads + slot * hidden + at, value, n); }
};

template <class T, bool relu>
struct Elman {
    static constexpr Cell cell = relu ? Cell::rnn_relu : Cell::rnn_tanh;
    static constexpr int sums = gates(cell);  // recurrent sums per unit

    static Vector<T> start(const Place<T>& p, int) { return p.x(0); }

    static void finish(const Place<T>& p, const Vector<T>* sum) {
        const Vector<T> zero{};
        const Vector<T> h = relu ? (sum[0] > zero ? sum[0] : zero) : tanh<T>(sum[0]);
        p.hand_on(h);
        if (p.saved && p.zone_h) p.keep(0, h);
    }

    static void back(const BackPlace<T>& p) {
        const Vector<T> h = p.zone_h ? p.take(0) : load<T>(p.y + p.at, p.n), zero{};
        Vector<T> old;
        const Vector<T> grad = p.fresh(p.zone_h, p.grad_h, old);
        p.put(0, relu ? (h > zero ? grad : zero) : grad * (T(1) - h * h));
        store<T>(p.grad_h + p.at, old, p.n);
    }
};

template <class T>
struct Lstm {
    static constexpr Cell cell = Cell::lstm;
    static constexpr int sums = gates(cell);

    static Vector<T> start(const Place<T>& p, int gate) { return p.x(gate); }

    static void finish(const Place<T>& p, const Vector<T>* sum) {
        const Vector<T> i = sigmoid<T>(sum[0]), f = sigmoid<T>(sum[1]), g = tanh<T>(sum[2]), o = sigmoid<T>(sum[3]);
        const Vector<T> c = f * load<T>(p.c_prev + p.at, p.n) + i * g;
        const Vector<T> zoned = p.zoned(p.zone_c, p.c_prev, c);
        store<T>(p.c + p.at, zoned, p.n);
        p.hand_on(o * tanh<T>(c));
        if (p.saved) {
            p.keep(0, i), p.keep(1, f), p.keep(2, g), p.keep(3, o), p.keep(4, c);
            if (p.zone_c) p.keep(5, zoned);
        }
    }

    static void back(const BackPlace<T>& p) {
        const Vector<T> i = p.take(0), f = p.take(1), g = p.take(2), o = p.take(3), c = tanh<T>(p.take(4));
        Vector<T> old_h, old_c;
        const Vector<T> grad_h = p.fresh(p.zone_h, p.grad_h, old_h);
        const Vector<T> grad_c = p.fresh(p.zone_c, p.grad_c, old_c) + grad_h * o * (T(1) - c * c);
        p.put(0, grad_c * g * i * (T(1) - i));
        p.put(1, grad_c * load<T>(p.c_prev + p.at, p.n) * f * (T(1) - f));
        p.put(2, grad_c * i * (T(1) - g * g));
        p.put(3, grad_h * c * o * (T(1) - o));
        store<T>(p.grad_c + p.at, grad_c * f + old_c, p.n);
        store<T>(p.grad_h + p.at, old_h, p.n);
    }
};

// Reset after the product. Sums: r, z, and W_hn h + b_hn; the candidate's input part joins at the end.
template <class T>
struct Gru {
    static constexpr Cell cell = Cell::gru;
    static constexpr int sums = gates(cell);

    static Vector<T> start(const Place<T>& p, int gate) {
        if (gate < 2) return p.x(gate);
        return p.bias_n ? load<T>(p.bias_n + p.at, p.n) : Vector<T>{};
    }

    static void finish(const Place<T>& p, const Vector<T>* sum) {
        const Vector<T> r = sigmoid<T>(sum[0]), z = sigmoid<T>(sum[1]);
        const Vector<T> n = tanh<T>(p.x(2) + r * sum[2]);
        p.hand_on(n + z * (load<T>(p.h_prev + p.at, p.n) - n));
        if (p.saved) {
            p.keep(0, n), p.keep(1, r), p.keep(2, z), p.keep(3, sum[2]);
        }
    }

    static void back(const BackPlace<T>& p) {
        const Vector<T> n = p.take(0), r = p.take(1), z = p.take(2), from_h = p.take(3);
        Vector<T> old;
        const Vector<T> grad = p.fresh(p.zone_h, p.grad_h, old);
        const Vector<T> grad_n = grad * (T(1) - z) * (T(1) - n * n);
        p.put(0, grad_n);
        p.put(1, grad_n * from_h * r * (T(1) - r));
        p.put(2, grad * (load<T>(p.h_prev + p.at, p.n) - n) * z * (T(1) - z));
        p.put(3, grad_n * r);
        store<T>(p.grad_h + p.at, grad * z + old, p.n);
    }
};

}  // namespace throughtime::THROUGHTIME_TARGET
