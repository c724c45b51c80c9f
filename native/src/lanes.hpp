// Lanes of one SIMD register, in the compiler's own vector types: one source serves every target.
//
// THROUGHTIME_VECTOR_BYTES (16, 32 or 64) and THROUGHTIME_REGISTERS (16 or 32) describe the target; each target compiles
// this file in a namespace of its own, THROUGHTIME_TARGET.
#pragma once

#include <cstdint>
#include <cstring>

#include "core.hpp"

#if defined(__AVX512F__)
#pragma GCC diagnostic push  // GCC 12 warns of its own header, falsely (bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#elif defined(__AVX2__)
#include <immintrin.h>
#endif

namespace throughtime::THROUGHTIME_TARGET {

template <class T>
struct Float;

template <>
struct Float<float> {
    using Integer = std::int32_t;
    static constexpr int mantissa = 23;
    static constexpr Integer one = 0x3f800000;
    static constexpr float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer in the low bits
    static constexpr float ln2_high = 0.693145751953125f, ln2_low = 1.42860682030941723e-6f;
    static constexpr float largest = 88.0f, smallest = -87.0f;
    static constexpr int terms = 7;
};

template <>
struct Float<double> {
    using Integer = std::int64_t;
    static constexpr int mantissa = 52;
    static constexpr Integer one = 0x3ff0000000000000;
    static constexpr double round = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr double ln2_high = 0.693147180369123816490, ln2_low = 1.90821492927058770002e-10;
    static constexpr double largest = 709.0, smallest = -708.0;
    static constexpr int terms = 13;
};

template <class T>
struct Lanes {
    static constexpr int width = THROUGHTIME_VECTOR_BYTES / sizeof(T);
    typedef T Vector __attribute__((vector_size(THROUGHTIME_VECTOR_BYTES)));
    typedef typename Float<T>::Integer Bits __attribute__((vector_size(THROUGHTIME_VECTOR_BYTES)));
};

template <class T>
using Vector = typename Lanes<T>::Vector;

// The address sanitizer does not see what masked instructions touch, so under it the lanes go one by one.
#if defined(__AVX512F__) && !defined(__SANITIZE_ADDRESS__)
#define THROUGHTIME_MASKED
#endif

#if defined(THROUGHTIME_MASKED)
inline __mmask16 first_lanes(int n) { return static_cast<__mmask16>((1u << n) - 1); }
#endif

template <class T>
inline Vector<T> splat(T value) {
    return value - Vector<T>{};
}

template <class T>
inline Vector<T> load(const T* from) {
    Vector<T> value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <class T>
inline void store(T* to, Vector<T> value) {
    std::memcpy(to, &value, sizeof value);
}

// Loads and stores of the first n lanes. No call, not even to memcpy: it would push all vectors out of their registers.
template <class T>
inline Vector<T> load(const T* from, int n) {
#if defined(THROUGHTIME_MASKED)
    if constexpr (sizeof(T) == 4) return (Vector<T>)_mm512_maskz_loadu_ps(first_lanes(n), from);
    else return (Vector<T>)_mm512_maskz_loadu_pd(first_lanes(n), from);
#else
    if (n == Lanes<T>::width) [[likely]]
        return load<T>(from);
    Vector<T> value{};
    for (int lane = 0; lane < n; ++lane) value[lane] = from[lane];
    return value;
#endif
}

template <class T>
inline void store(T* to, Vector<T> value, int n) {
#if defined(THROUGHTIME_MASKED)
    if constexpr (sizeof(T) == 4) _mm512_mask_storeu_ps(to, first_lanes(n), (__m512)value);
    else _mm512_mask_storeu_pd(to, first_lanes(n), (__m512d)value);
#else
    if (n == Lanes<T>::width) [[likely]]
        return store<T>(to, value);
    for (int lane = 0; lane < n; ++lane) to[lane] = value[lane];
#endif
}

// Stores to an aligned place past the caches, for what is too much to stay there: the line is not read first, and pushes
// out nothing that is needed. `fence` makes such stores visible to other threads.
template <class T>
inline void store_past(T* to, Vector<T> value) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) _mm512_stream_ps(to, (__m512)value);
    else _mm512_stream_pd(to, (__m512d)value);
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4) _mm256_stream_ps(to, (__m256)value);
    else _mm256_stream_pd(to, (__m256d)value);
#else
    store<T>(to, value);
#endif
}
inline void fence() {
#if defined(__AVX2__) || defined(__AVX512F__)
    _mm_sfence();
#endif
}

// Rounded to the nearest, ties to even; a NaN stays one.
inline Bfloat16 narrow(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    if (value != value) return {static_cast<std::uint16_t>((bits >> 16) | 0x40)};
    return {static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

template <class T>
inline Vector<T> at_most(Vector<T> x, T bound) {
    return x > splat<T>(bound) ? splat<T>(bound) : x;  // a NaN stays
}

template <class T>
inline Vector<T> at_least(Vector<T> x, T bound) {
    return x < splat<T>(bound) ? splat<T>(bound) : x;
}

// e^x - 1. Cody-Waite reduction x = n ln2 + r, |r| <= ln2/2, Taylor series of e^r - 1, then 2^n (e^r - 1) + (2^n - 1):
// for small x, n = 0 and nothing cancels.
template <class T>
inline Vector<T> expm1(Vector<T> x) {
    using F = Float<T>;
    using Bits = typename Lanes<T>::Bits;
    x = at_least<T>(at_most<T>(x, F::largest), F::smallest);
    const Vector<T> shifted = x * T(1.44269504088896340736) + F::round;
    const Vector<T> n = shifted - F::round;
    const Vector<T> r = (x - n * F::ln2_high) - n * F::ln2_low;
    T factorial = 1;
    T inverse[F::terms + 1];
    for (int k = 1; k <= F::terms; ++k) inverse[k] = T(1) / (factorial *= T(k));
    Vector<T> p = splat<T>(inverse[F::terms]);
#pragma GCC unroll 16
    for (int k = F::terms - 1; k >= 1; --k) p = p * r + inverse[k];
    p = p * r;
    Bits bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << F::mantissa) + F::one;
    Vector<T> power;
    std::memcpy(&power, &bits, sizeof power);
    return power * p + (power - T(1));
}

template <class T>
inline Vector<T> sigmoid(Vector<T> x) {
    return T(1) / (expm1<T>(-x) + T(2));
}

template <class T>
inline Vector<T> tanh(Vector<T> x) {
    const T bound = sizeof(T) == 4 ? T(10) : T(20);  // tanh is 1 to rounding from here on
    x = at_least<T>(at_most<T>(x, bound), -bound);
    const Vector<T> e = expm1<T>(x + x);
    return e / (e + T(2));
}

#if defined(__AVX512F__)
// The same in fewer instructions, for this target has rounding, scaling by powers of two and a table of reciprocals.

// 14 bits from the table, 28 after one Newton step, whose remainder is of the quotient itself.
inline __m512 divide(__m512 a, __m512 b) {
    const __m512 guess = _mm512_rcp14_ps(b), quotient = _mm512_mul_ps(a, guess);
    return _mm512_fmadd_ps(_mm512_fnmadd_ps(b, quotient, a), guess, quotient);
}

// Between bounds; a NaN stays.
inline __m512 between(__m512 x, float low, float high) {
    return _mm512_min_ps(_mm512_set1_ps(high), _mm512_max_ps(_mm512_set1_ps(low), x));
}

// scale * x = n + f with |f| <= 1/2; `scale` in two parts, for a float holds too little of it.
inline __m512 split(__m512 x, float scale, float rest, __m512& n) {
    n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(scale)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm512_fmadd_ps(x, _mm512_set1_ps(rest), _mm512_fmsub_ps(x, _mm512_set1_ps(scale), n));
}

// 2^f - 1 for |f| <= 1/2: f times a minimax polynomial, relative error 6e-9.
inline __m512 exp2m1(__m512 f) {
    constexpr float coefficients[] = {1.54531629e-4f, 1.33908634e-3f, 9.61808256e-3f,
                                      5.55035711e-2f, 2.40226508e-1f, 6.93147188e-1f};
    __m512 p = _mm512_set1_ps(coefficients[0]);
#pragma GCC unroll 8
    for (int k = 1; k < 6; ++k) p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(coefficients[k]));
    return _mm512_mul_ps(p, f);
}

template <>
inline Vector<float> sigmoid<float>(Vector<float> x) {
    __m512 n;
    const __m512 f = split(between((__m512)x, -87.0f, 88.0f), -1.44269502f, -1.92596303e-8f, n);
    const __m512 one = _mm512_set1_ps(1.0f), power = _mm512_scalef_ps(_mm512_add_ps(exp2m1(f), one), n);  // e^-x
    return (Vector<float>)divide(one, _mm512_add_ps(power, one));
}

template <>
inline Vector<float> tanh<float>(Vector<float> x) {
    __m512 n;
    const __m512 f = split(between((__m512)x, -10.0f, 10.0f), 2.88539004f, 3.85192606e-8f, n);
    const __m512 one = _mm512_set1_ps(1.0f), power = _mm512_scalef_ps(one, n);
    const __m512 e = _mm512_fmadd_ps(power, exp2m1(f), _mm512_sub_ps(power, one));  // e^2x - 1; exact where x is small
    return (Vector<float>)divide(e, _mm512_add_ps(e, _mm512_set1_ps(2.0f)));
}
#endif

}  // namespace throughtime::THROUGHTIME_TARGET
