// Diagonal cells: what happens to one block of units at one step. No unit sees another, so a step has no product; the loop
// around it is in sweep.hpp. The equations are those of src/throughtime/kernels/reference/diagonal.
//
// Every cell has
//   gates, numbers, states   how many blocks of x it reads, how many numbers of each unit's own, parts of its state;
//   linear                   state[t] = a state[t-1] + b with a and b free of the state; then `decay` gives a, complex (re, im)
//                            where the state has two parts;
//   step(x, own, s)          one step: s is the state before, and becomes that after;
//   back(x, own, before, after, grad, grad_x, grad_own)
//                            grad is the gradient of the state after, and becomes that of the state before.
#pragma once

#include <cmath>

#include "../core.hpp"
#include "../lanes.hpp"

namespace throughtime::THROUGHTIME_TARGET {

template <class T>
inline Vector<T> exponential(Vector<T> x) {
    return expm1<T>(x) + T(1);
}

template <class T>
inline Vector<T> root(Vector<T> x) {
    T lanes[Lanes<T>::width];
    std::memcpy(lanes, &x, sizeof x);
    for (T& lane : lanes) lane = std::sqrt(lane);
    std::memcpy(&x, lanes, sizeof x);
    return x;
}

// The candidate of the cells in log-space: x + 1/2 where x >= 0, else sigmoid(x).
template <class T>
inline Vector<T> positive(Vector<T> x) {
    return x >= Vector<T>{} ? x + T(0.5) : sigmoid<T>(x);
}
template <class T>
inline Vector<T> positive_slope(Vector<T> x) {
    const Vector<T> s = sigmoid<T>(x);
    return x >= Vector<T>{} ? splat<T>(1) : s * (T(1) - s);
}

// h = a h + b with a and b as they are given.
template <class T>
struct Given {
    using V = Vector<T>;
    static constexpr int gates = 2, numbers = 0, states = 1;
    static constexpr bool linear = true;
    static void decay(const V* x, const V*, V* a) { a[0] = x[0]; }
    static void step(const V* x, const V*, V* s) { s[0] = x[0] * s[0] + x[1]; }
    static void back(const V* x, const V*, const V* before, const V*, V* grad, V* grad_x, V*) {
        grad_x[0] = grad[0] * before[0];
        grad_x[1] = grad[0];
        grad[0] = grad[0] * x[0];
    }
};

template <class T, bool logs>
struct MinGru {
    using V = Vector<T>;
    static constexpr int gates = 2, numbers = 0, states = 1;
    static constexpr bool linear = true;
    static V candidate(V x) { return logs ? positive<T>(x) : x; }
    static void decay(const V* x, const V*, V* a) { a[0] = T(1) - sigmoid<T>(x[0]); }
    static void step(const V* x, const V*, V* s) { s[0] = s[0] + sigmoid<T>(x[0]) * (candidate(x[1]) - s[0]); }
    static void back(const V* x, const V*, const V* before, const V*, V* grad, V* grad_x, V*) {
        const V z = sigmoid<T>(x[0]), rest = T(1) - z, g = grad[0];
        grad_x[0] = g * (candidate(x[1]) - before[0]) * z * rest;
        grad_x[1] = logs ? g * z * positive_slope<T>(x[1]) : g * z;
        grad[0] = g * rest;
    }
};

template <class T, bool logs>
struct MinLstm {
    using V = Vector<T>;
    static constexpr int gates = 3, numbers = 0, states = 1;
    static constexpr bool linear = true;
    static V candidate(V x) { return logs ? positive<T>(x) : x; }
    // f / (f + i), from e^-i~ and e^-f~: no quotient of two zeros. Where both gates are all but closed, i~ and f~ are
    // raised alike, so that no exponential is infinite: only their difference matters there.
    static V forget(V i, V f) { return (i + T(1)) / (i + f + T(2)); }
    static void inverses(const V* x, V& i, V& f) {
        const V zero{}, short_of = (x[0] < x[1] ? x[0] : x[1]) + T(sizeof(T) == 4 ? 80 : 700);
        const V raised = short_of < zero ? short_of : zero;
        i = exponential<T>(raised - x[0]), f = exponential<T>(raised - x[1]);
    }
    static void decay(const V* x, const V*, V* a) {
        V i, f;
        inverses(x, i, f);
        a[0] = forget(i, f);
    }
    static void step(const V* x, const V* own, V* s) {
        V f;
        decay(x, own, &f);
        s[0] = f * s[0] + (T(1) - f) * candidate(x[2]);
    }
    static void back(const V* x, const V*, const V* before, const V*, V* grad, V* grad_x, V*) {
        V i, f;
        inverses(x, i, f);
        const V a = forget(i, f), rest = (f + T(1)) / (i + f + T(2)), g = grad[0];
        const V slope = g * (before[0] - candidate(x[2])) * a * rest;
        grad_x[0] = -slope * (T(1) - T(1) / (i + T(1)));
        grad_x[1] = slope * (T(1) - T(1) / (f + T(1)));
        grad_x[2] = logs ? g * rest * positive_slope<T>(x[2]) : g * rest;
        grad[0] = g * a;
    }
};

// A complex state (re, im), turned and shrunk by the unit's own lambda.
template <class T>
struct Lru {
    using V = Vector<T>;
    static constexpr int gates = 2, numbers = 2, states = 2;
    static constexpr bool linear = true;
    static void decay(const V*, const V* own, V* a) { a[0] = own[0], a[1] = own[1]; }
    static void step(const V* x, const V* own, V* s) {
        const V re = s[0], im = s[1];
        s[0] = own[0] * re - own[1] * im + x[0];
        s[1] = own[0] * im + own[1] * re + x[1];
    }
    static void back(const V*, const V* own, const V* before, const V*, V* grad, V* grad_x, V* grad_own) {
        const V re = grad[0], im = grad[1];
        grad_x[0] = re, grad_x[1] = im;
        grad_own[0] = re * before[0] + im * before[1];
        grad_own[1] = im * before[0] - re * before[1];
        grad[0] = own[0] * re + own[1] * im;
        grad[1] = own[0] * im - own[1] * re;
    }
};

// own[0] is -log a^8.
template <class T>
struct RgLru {
    using V = Vector<T>;
    static constexpr int gates = 3, numbers = 1, states = 1;
    static constexpr bool linear = true;
    static void decay(const V* x, const V* own, V* a) { a[0] = exponential<T>(-own[0] * sigmoid<T>(x[0])); }
    static V scale_of(V log_a) { return root<T>(-expm1<T>(log_a + log_a)); }
    static void step(const V* x, const V* own, V* s) {
        const V log_a = -own[0] * sigmoid<T>(x[0]);
        s[0] = exponential<T>(log_a) * s[0] + scale_of(log_a) * (sigmoid<T>(x[1]) * x[2]);
    }
    static void back(const V* x, const V* own, const V* before, const V*, V* grad, V* grad_x, V* grad_own) {
        const V r = sigmoid<T>(x[0]), i = sigmoid<T>(x[1]), log_a = -own[0] * r;
        const V a = exponential<T>(log_a), scaled = scale_of(log_a), g = grad[0], read = i * x[2];
        const V slope = g * a * (before[0] - a / scaled * read);  // of log_a
        grad_own[0] = -slope * r;
        grad_x[0] = -slope * own[0] * r * (T(1) - r);
        grad_x[1] = g * scaled * x[2] * i * (T(1) - i);
        grad_x[2] = g * scaled * i;
        grad[0] = g * a;
    }
};

// The state is (h, c), and nobody looks back at h.
template <class T>
struct Sru {
    using V = Vector<T>;
    static constexpr int gates = 4, numbers = 2, states = 2;
    static constexpr bool linear = false;
    static void step(const V* x, const V* own, V* s) {
        const V f = sigmoid<T>(x[1] + own[0] * s[1]), r = sigmoid<T>(x[2] + own[1] * s[1]);
        s[1] = x[0] + f * (s[1] - x[0]);
        s[0] = x[3] + r * (s[1] - x[3]);
    }
    static void back(const V* x, const V* own, const V* before, const V* after, V* grad, V* grad_x, V* grad_own) {
        const V c = before[1], f = sigmoid<T>(x[1] + own[0] * c), r = sigmoid<T>(x[2] + own[1] * c);
        const V of_c = grad[1] + grad[0] * r;
        const V of_f = of_c * (c - x[0]) * f * (T(1) - f), of_r = grad[0] * (after[1] - x[3]) * r * (T(1) - r);
        grad_x[0] = of_c * (T(1) - f), grad_x[1] = of_f, grad_x[2] = of_r, grad_x[3] = grad[0] * (T(1) - r);
        grad_own[0] = of_f * c, grad_own[1] = of_r * c;
        grad[0] = V{};
        grad[1] = of_c * f + of_f * own[0] + of_r * own[1];
    }
};

template <class T, bool relu>
struct IndRnn {
    using V = Vector<T>;
    static constexpr int gates = 1, numbers = 1, states = 1;
    static constexpr bool linear = false;
    static void step(const V* x, const V* own, V* s) {
        const V a = x[0] + own[0] * s[0], zero{};
        s[0] = relu ? (a <= zero ? zero : a) : tanh<T>(a);  // a NaN stays
    }
    static void back(const V*, const V* own, const V* before, const V* after, V* grad, V* grad_x, V* grad_own) {
        const V h = after[0], zero{}, a = relu ? (h > zero ? grad[0] : zero) : grad[0] * (T(1) - h * h);
        grad_x[0] = a;
        grad_own[0] = a * before[0];
        grad[0] = a * own[0];
    }
};

template <class T>
struct ParaGru {
    using V = Vector<T>;
    static constexpr int gates = 3, numbers = 3, states = 1;
    static constexpr bool linear = false;
    static void step(const V* x, const V* own, V* s) {
        const V h = s[0], z = sigmoid<T>(x[0] + own[0] * h), r = sigmoid<T>(x[1] + own[1] * h);
        s[0] = h + z * (tanh<T>(x[2] + own[2] * (r * h)) - h);
    }
    static void back(const V* x, const V* own, const V* before, const V*, V* grad, V* grad_x, V* grad_own) {
        const V h = before[0], z = sigmoid<T>(x[0] + own[0] * h), r = sigmoid<T>(x[1] + own[1] * h);
        const V n = tanh<T>(x[2] + own[2] * (r * h)), g = grad[0];
        const V of_z = g * (n - h) * z * (T(1) - z), of_n = g * z * (T(1) - n * n);
        const V of_r = of_n * own[2] * h * r * (T(1) - r);
        grad_x[0] = of_z, grad_x[1] = of_r, grad_x[2] = of_n;
        grad_own[0] = of_z * h, grad_own[1] = of_r * h, grad_own[2] = of_n * (r * h);
        grad[0] = g * (T(1) - z) + of_z * own[0] + of_r * own[1] + of_n * own[2] * r;
    }
};

}  // namespace throughtime::THROUGHTIME_TARGET
