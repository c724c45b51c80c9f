// The scalar LSTM of Beck et al. 2024; its equations are in src/throughtime/kernels/reference/slstm.py.
#pragma once

#include "cells.hpp"

namespace throughtime::THROUGHTIME_TARGET {

template <class T>
inline Vector<T> magnitude(Vector<T> x) {
    return x < Vector<T>{} ? -x : x;
}

template <class T>
inline Vector<T> exp(Vector<T> x) {
    const Vector<T> inverse = expm1<T>(magnitude<T>(x)) + T(1);  // e^|x|: nothing cancels
    return x < Vector<T>{} ? T(1) / inverse : inverse;
}

template <class T>
inline Vector<T> ratio(Vector<T> a, Vector<T> b) {
    return a / b;
}

#if defined(__AVX512F__)
template <>
inline Vector<float> exp<float>(Vector<float> x) {
    __m512 n;
    const __m512 f = split(between((__m512)x, -87.0f, 88.0f), 1.44269502f, 1.92596303e-8f, n);
    return (Vector<float>)_mm512_scalef_ps(_mm512_add_ps(exp2m1(f), _mm512_set1_ps(1.0f)), n);
}

template <>
inline Vector<float> ratio<float>(Vector<float> a, Vector<float> b) {
    return (Vector<float>)divide((__m512)a, (__m512)b);
}
#endif

// log(1 + u) for 0 <= u <= 1: 2 artanh((w - 1) / (w + 1)) of w = 1 + u, or of half of it from sqrt(2) on.
template <class T>
inline Vector<T> log1p(Vector<T> u) {
    constexpr int terms = sizeof(T) == 4 ? 5 : 10;  // of a series in s^2 <= 0.0295
    const auto large = u > splat<T>(T(0.41421356));
    const Vector<T> s = ratio<T>(large ? u - T(1) : u, large ? u + T(3) : u + T(2)), square = s * s;
    Vector<T> sum = splat<T>(T(1) / (2 * terms - 1));
#pragma GCC unroll 16
    for (int k = terms - 2; k >= 0; --k) sum = sum * square + T(1) / (2 * k + 1);
    const Vector<T> log = T(2) * s * sum;
    return large ? log + T(0.69314718055994530942) : log;
}

// Carried beside h: c, n, m. Kept: d = log f + m[t-1] - i~, z, o, the slope of log f if f is a sigmoid, then c, n, m.
template <class T, bool exponential>
struct Slstm {
    using V = Vector<T>;
    static constexpr Cell cell = exponential ? Cell::slstm_exp : Cell::slstm;
    static constexpr bool apart = false;
    static constexpr int sums = 4;
    static constexpr int carry = saved(cell, {}).carry;

    // i' and f', of which the larger is 1. Where n was 0, i' is 1: before anything is kept there is no scale.
    static void scaled(V d, V n_prev, V& i, V& f) {
        const V zero{}, one = splat<T>(1);
        const auto first = (d <= zero) | (n_prev == zero);
        const V e = exp<T>(first ? d : -d);
        i = first ? one : e, f = first ? e : one;
    }

    static V log_forget(const Place<T>& p, V raw) {
        if (exponential) return raw;
        const V zero{}, one = splat<T>(1), e = exp<T>(-magnitude<T>(raw));
        if (p.saved) p.keep(3, ratio<T>(raw < zero ? one : e, e + T(1)));  // 1 - sigmoid
        return (raw < zero ? raw : zero) - log1p<T>(e);
    }

    static void finish(const Place<T>& __restrict p, const V* product) {
        const V c_prev = p.get(p.c_prev), n_prev = p.get(p.c_prev, 1), zero{};
        const V i_raw = product[0] + p.x(0), kept = log_forget(p, product[1] + p.x(1)) + p.get(p.c_prev, 2);
        const V d = kept - i_raw, z = tanh<T>(product[2] + p.x(2)), o = sigmoid<T>(product[3] + p.x(3));
        V i, f;
        scaled(d, n_prev, i, f);
        const V c = f * c_prev + i * z, n = f * n_prev + i;
        const V larger = (d <= zero) | (n_prev == zero) ? i_raw : d == d ? kept : d;  // a NaN stays
        p.put(p.c, c, 0), p.put(p.c, n, 1), p.put(p.c, larger, 2);
        if (p.saved) {
            p.keep(0, d), p.keep(1, z), p.keep(2, o);
            p.keep(carry, c), p.keep(carry + 1, n), p.keep(carry + 2, larger);
        }
        p.hand_on(o * ratio<T>(c, n));
    }

    static void back(const BackPlace<T>& p) {
        const V c_prev = p.get(p.c_prev), n_prev = p.get(p.c_prev, 1), zero{};
        const V d = p.take(0), z = p.take(1), o = p.take(2), n = p.take(carry + 1), q = ratio<T>(p.take(carry), n);
        V i, f, old;
        scaled(d, n_prev, i, f);
        const V grad_h = p.output(old), through = ratio<T>(grad_h * o, n);
        const V grad_c = p.get(p.grad_c) + through, grad_n = p.get(p.grad_c, 1) - through * q;
        V grad_i = (grad_c * z + grad_n) * i, grad_f = (grad_c * c_prev + grad_n * n_prev) * f;  // of i~ and log f
        // The gradient of m goes to the larger side, and to both alike where they are equal.
        const V grad_m = p.get(p.grad_c, 2) - grad_i - grad_f;
        const V share = n_prev == zero ? zero : d > zero ? splat<T>(1) : d < zero ? zero : splat<T>(T(0.5));
        grad_f += share * grad_m, grad_i += (T(1) - share) * grad_m;
        p.put(p.grads, grad_i, 0), p.put(p.grads, exponential ? grad_f : grad_f * p.take(3), 1);
        p.put(p.grads, grad_c * i * (T(1) - z * z), 2), p.put(p.grads, grad_h * q * o * (T(1) - o), 3);
        p.put(p.grad_c, grad_c * f, 0), p.put(p.grad_c, grad_n * f, 1), p.put(p.grad_c, grad_f, 2);
        p.put(p.grad_h, old);
    }
};

}  // namespace throughtime::THROUGHTIME_TARGET
