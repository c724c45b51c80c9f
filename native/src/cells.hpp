// Cells: what happens to the recurrent products of one block of units of one row. The loop around them is in forward.hpp
// and backward.hpp.
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
    const T* from_x;     // (G*H) this row's projection
    const T* bias_n;     // (H)
    const T* peepholes;  // (3H)
    const T* h_prev;     // (P)
    const T* seen;       // (P) h_prev as the recurrent product sees it
    const T* c_prev;     // (C*H) the carried part beside h, or null
    T* out;              // (H) out: h, or what is projected to it
    T* c;                // (C*H) out: the carried part beside h, or null
    T* fresh_c;          // (H) out: c before its layer norm, or null where there is none
    T* gate;             // (2H) room between two stages of a step: an lstm's o, or r and z of gru_reset_before
    T* reset_h;          // (H) out: r * h, gru_reset_before
    T* saved;            // (saved*H) out, or null
    int carry;           // slot of the carried part beside h in saved
    const T* zone_h;     // (P) share of the old h that stays, or null; null too where h is a projection
    const T* zone_c;     // (H) likewise for c, or null

    Vector<T> get(const T* from, int slot = 0) const { return load<T>(from + slot * hidden + at, n); }
    void put(T* to, Vector<T> value, int slot = 0) const { store<T>(to + slot * hidden + at, value, n); }
    Vector<T> x(int gate_number) const { return get(from_x, gate_number); }
    void keep(int slot, Vector<T> value) const { put(saved, value, slot); }

    // What is handed on: the fresh value, or its mixture with the old one.
    Vector<T> zoned(const T* zone, const T* old, Vector<T> fresh) const {
        if (!zone) return fresh;
        const Vector<T> share = get(zone);
        return share * get(old) + (T(1) - share) * fresh;
    }
    void hand_on(Vector<T> fresh) const { put(out, zoned(zone_h, h_prev, fresh)); }

    // A gru's memory: h itself, or what is carried beside its projection.
    Vector<T> memory() const { return get(c ? c_prev : h_prev); }
    void remember(Vector<T> fresh) const {
        if (c) {
            const Vector<T> carried = zoned(zone_c, c_prev, fresh);
            put(c, carried);
            if (saved) keep(carry, carried);
        }
        hand_on(fresh);
    }
};

// The same for the backward pass.
template <class T>
struct BackPlace {
    std::int64_t hidden;
    std::int64_t at;
    int n;
    const T* peepholes;  // (3H)
    const T* h_prev;     // (P)
    const T* seen;       // (P)
    const T* c_prev;     // (C*H)
    const T* y;          // (P) h of this row
    const T* saved;      // (saved*H)
    T* grads;            // (grads*H) out
    T* grad_h;           // (P) in: gradient of h. out: what reaches h_prev without the recurrent product
    T* grad_m;           // (H) gradient of the projected output, or null: h is not projected
    T* grad_c;           // (C*H) in and out: gradient of the carried part beside h
    T* m;                // (H) out: what was projected, or null
    T* reset_h;          // (H) out: r * seen, gru_reset_before
    T* sum_peepholes;    // (3H) added to
    const T* zone_h;     // (P) as in forward
    const T* zone_c;     // (H)
    // Layer norm of an lstm's c, or null gain: tanh saw gain * (c - mean) * scale + shift.
    const T *gain_c, *shift_c;
    T mean_c, scale_c;
    T *sum_gain_c, *sum_shift_c;  // (H) added to
    T* late;                      // (H) room: gradient of the normalised c
    T late_mean, late_slope;      // of `late`, and of its product with the normalised c, over the row

    Vector<T> get(const T* from, int slot = 0) const { return load<T>(from + slot * hidden + at, n); }
    void put(T* to, Vector<T> value, int slot = 0) const { store<T>(to + slot * hidden + at, value, n); }
    void add(T* to, Vector<T> value, int slot = 0) const { put(to, get(to, slot) + value, slot); }
    Vector<T> take(int slot) const { return get(saved, slot); }

    // Splits the gradient of what was handed on: returns the fresh value's part, leaves the old one's in `old`.
    Vector<T> fresh(const T* zone, const T* grad, Vector<T>& old) const {
        const Vector<T> whole = get(grad);
        if (!zone) return old = Vector<T>{}, whole;
        old = get(zone) * whole;
        return whole - old;
    }

    // The same for the cell's output, whether it is h or is projected to h.
    Vector<T> output(Vector<T>& old) const {
        return grad_m ? (old = Vector<T>{}, get(grad_m)) : fresh(zone_h, grad_h, old);
    }

    // Hands a gru's gradients on: `grad` to its memory, `old` past it.
    void remember(Vector<T> grad, Vector<T> old) const { put(grad_m ? grad_c : grad_h, grad + old); }
    Vector<T> memory() const { return get(grad_m ? c_prev : h_prev); }
    Vector<T> of_memory(Vector<T>& old) const {
        if (!grad_m) return output(old);
        return fresh(zone_c, grad_c, old) + get(grad_m);
    }
};

template <class T, bool relu>
struct Elman {
    static constexpr Cell cell = relu ? Cell::rnn_relu : Cell::rnn_tanh;
    static constexpr bool apart = false;  // whether the candidate's product waits for the other gates
    static constexpr int sums = 1;        // recurrent products of the first stage, per unit

    static void finish(const Place<T>& __restrict p, const Vector<T>* product) {
        const Vector<T> a = product[0] + p.x(0), zero{};
        const Vector<T> h = relu ? (a > zero ? a : zero) : tanh<T>(a);
        p.hand_on(h);
        if (p.saved && p.zone_h) p.keep(0, h);
    }

    static void back(const BackPlace<T>& p) {
        const Vector<T> h = p.zone_h ? p.take(0) : p.get(p.y), zero{};
        Vector<T> old;
        const Vector<T> grad = p.output(old);
        p.put(p.grads, relu ? (h > zero ? grad : zero) : grad * (T(1) - h * h));
        p.put(p.grad_h, old);
    }
};

template <class T>
struct Lstm {
    static constexpr Cell cell = Cell::lstm;
    static constexpr bool apart = false;
    static constexpr int sums = 4;

    static void finish(const Place<T>& __restrict p, const Vector<T>* product) {
        const Vector<T> c_prev = p.get(p.c_prev);
        Vector<T> i = product[0] + p.x(0), f = product[1] + p.x(1), o = product[3] + p.x(3);
        if (p.peepholes) i += p.get(p.peepholes, 0) * c_prev, f += p.get(p.peepholes, 1) * c_prev;
        i = sigmoid<T>(i), f = sigmoid<T>(f);
        const Vector<T> g = tanh<T>(product[2] + p.x(2)), c = f * c_prev + i * g;
        if (p.peepholes) o += p.get(p.peepholes, 2) * c;
        o = sigmoid<T>(o);
        const Vector<T> carried = p.zoned(p.zone_c, p.c_prev, c);
        p.put(p.c, carried);
        if (p.saved) {
            p.keep(0, i), p.keep(1, f), p.keep(2, g), p.keep(3, o), p.keep(4, c);
            if (p.carry > 4) p.keep(p.carry, carried);
        }
        if (!p.fresh_c) return p.hand_on(o * tanh<T>(c));
        p.put(p.fresh_c, c), p.put(p.gate, o);
    }

    // The rest, where c is normalised first.
    static void late(const Place<T>& __restrict p, const T* gain, const T* shift, T mean, T scale) {
        const Vector<T> normed = (p.get(p.fresh_c) - mean) * scale;
        p.hand_on(p.get(p.gate) * tanh<T>(normed * p.get(gain) + p.get(shift)));
    }

    // What tanh saw of c, and the normalised c.
    static Vector<T> inner(const BackPlace<T>& p, Vector<T>& normed) {
        const Vector<T> c = p.take(4);
        if (!p.gain_c) return c;
        normed = (c - p.mean_c) * p.scale_c;
        return normed * p.get(p.gain_c) + p.get(p.shift_c);
    }

    static void back_late(const BackPlace<T>& p) {
        Vector<T> normed{}, old;
        const Vector<T> t = tanh<T>(inner(p, normed)), grad = p.output(old) * p.take(3) * (T(1) - t * t);
        p.put(p.late, grad * p.get(p.gain_c));
        p.add(p.sum_gain_c, grad * normed), p.add(p.sum_shift_c, grad);
    }

    static void back(const BackPlace<T>& p) {
        const Vector<T> i = p.take(0), f = p.take(1), g = p.take(2), o = p.take(3), c_prev = p.get(p.c_prev);
        Vector<T> old_h, old_c, normed{};
        const Vector<T> t = tanh<T>(inner(p, normed)), grad_h = p.output(old_h);
        const Vector<T> through =
            p.gain_c ? p.scale_c * (p.get(p.late) - p.late_mean - normed * p.late_slope) : grad_h * o * (T(1) - t * t);
        Vector<T> grad_c = p.fresh(p.zone_c, p.grad_c, old_c) + through;
        const Vector<T> grad_o = grad_h * t * o * (T(1) - o);
        if (p.peepholes) grad_c += grad_o * p.get(p.peepholes, 2);
        const Vector<T> grad_i = grad_c * g * i * (T(1) - i), grad_f = grad_c * c_prev * f * (T(1) - f);
        p.put(p.grads, grad_i, 0), p.put(p.grads, grad_f, 1), p.put(p.grads, grad_o, 3);
        p.put(p.grads, grad_c * i * (T(1) - g * g), 2);
        old_c += grad_c * f;
        if (p.peepholes) {
            old_c += grad_i * p.get(p.peepholes, 0) + grad_f * p.get(p.peepholes, 1);
            p.add(p.sum_peepholes, grad_i * c_prev, 0), p.add(p.sum_peepholes, grad_f * c_prev, 1);
            p.add(p.sum_peepholes, grad_o * p.take(4), 2);
        }
        p.put(p.grad_c, old_c);
        if (p.m) p.put(p.m, o * t);
        else p.put(p.grad_h, old_h);
    }
};

// Reset after the product. Products: r, z, and W_hn h; the candidate's input part joins at the end.
template <class T>
struct Gru {
    static constexpr Cell cell = Cell::gru;
    static constexpr bool apart = false;
    static constexpr int sums = 3;

    static void finish(const Place<T>& __restrict p, const Vector<T>* product) {
        const Vector<T> r = sigmoid<T>(product[0] + p.x(0)), z = sigmoid<T>(product[1] + p.x(1));
        const Vector<T> from_h = p.bias_n ? product[2] + p.get(p.bias_n) : product[2];
        const Vector<T> n = tanh<T>(p.x(2) + r * from_h);
        if (p.saved) p.keep(0, n), p.keep(1, r), p.keep(2, z), p.keep(3, from_h);
        p.remember(n + z * (p.memory() - n));
    }

    static void back(const BackPlace<T>& p) {
        const Vector<T> n = p.take(0), r = p.take(1), z = p.take(2), memory = p.memory();
        Vector<T> old;
        const Vector<T> grad = p.of_memory(old), grad_n = grad * (T(1) - z) * (T(1) - n * n);
        p.put(p.grads, grad_n, 0);
        p.put(p.grads, grad_n * p.take(3) * r * (T(1) - r), 1);
        p.put(p.grads, grad * (memory - n) * z * (T(1) - z), 2);
        p.put(p.grads, grad_n * r, 3);
        if (p.m) p.put(p.m, n + z * (memory - n));
        p.remember(grad * z, old);
    }
};

// Reset before the product, so the candidate's product comes in a stage of its own.
template <class T>
struct GruResetBefore {
    static constexpr Cell cell = Cell::gru_reset_before;
    static constexpr bool apart = true;
    static constexpr int sums = 2;

    static void open(const Place<T>& __restrict p, const Vector<T>* product) {
        const Vector<T> r = sigmoid<T>(product[0] + p.x(0)), z = sigmoid<T>(product[1] + p.x(1));
        p.put(p.gate, z);
        p.put(p.reset_h, r * p.get(p.seen));
        if (p.saved) p.keep(1, r), p.keep(2, z);
    }

    static void finish(const Place<T>& __restrict p, const Vector<T>* product) {
        const Vector<T> z = p.get(p.gate), n = tanh<T>(p.x(2) + product[0]);
        if (p.saved) p.keep(0, n);
        p.hand_on(n + z * (p.get(p.h_prev) - n));
    }

    static void back(const BackPlace<T>& p) {
        const Vector<T> n = p.take(0), r = p.take(1), z = p.take(2);
        Vector<T> old;
        const Vector<T> grad = p.output(old);
        p.put(p.grads, grad * (p.get(p.h_prev) - n) * z * (T(1) - z), 1);
        p.put(p.grads, grad * (T(1) - z) * (T(1) - n * n), 2);
        p.put(p.grad_h, grad * z + old);
        p.put(p.reset_h, r * p.get(p.seen));
    }

    // `grad`: gradient of r * h. Returns what reaches h as the product saw it.
    static Vector<T> back_open(const BackPlace<T>& p, Vector<T> grad) {
        const Vector<T> r = p.take(1);
        p.put(p.grads, grad * p.get(p.seen) * r * (T(1) - r), 0);
        return grad * r;
    }
};

}  // namespace throughtime::THROUGHTIME_TARGET
