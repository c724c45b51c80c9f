// Lanes of one SIMD register, in the compiler's own vector types: one source serves every target.
//
// THROUGHTIME_VECTOR_BYTES (16, 32 or 64) and THROUGHTIME_REGISTERS (16 or 32) describe the target; each target compiles
// this file in a namespace of its own, THROUGHTIME_TARGET.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#if defined(__AVX512F__)
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

template <class T>
inline Vector<T> splat(T value) {
    return value - Vector<T>{};
}

// Loads and stores of the first n lanes; n == width is one instruction.
template <class T>
inline Vector<T> load(const T* from, int n = Lanes<T>::width) {
    Vector<T> value{};
    if (n == Lanes<T>::width) [[likely]] {
        std::memcpy(&value, from, sizeof value);
    } else {
        std::memcpy(&value, from, static_cast<std::size_t>(n) * sizeof(T));
    }
    return value;
}

template <class T>
inline void store(T* to, Vector<T> value, int n = Lanes<T>::width) {
    if (n == Lanes<T>::width) [[likely]] {
        std::memcpy(to, &value, sizeof value);
    } else {
        std::memcpy(to, &value, static_cast<std::size_t>(n) * sizeof(T));
    }
}

template <class T>
inline Vector<T> reciprocal(Vector<T> x) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        // 14 bits from the table, 28 after one Newton step.
        __m512 guess = _mm512_maskz_rcp14_ps(0xffff, (__m512)x);  // plain rcp14 trips a false warning of GCC 12
        __m512 error = _mm512_fnmadd_ps((__m512)x, guess, _mm512_set1_ps(1.0f));
        return (Vector<T>)_mm512_fmadd_ps(error, guess, guess);
    }
#endif
    return T(1) / x;
}

// e^x - 1. Cody-Waite reduction x = n ln2 + r, |r| <= ln2/2, Taylor series of e^r - 1, then 2^n (e^r - 1) + (2^n - 1):
// for small x, n = 0 and nothing cancels.
template <class T>
inline Vector<T> expm1(Vector<T> x) {
    using F = Float<T>;
    using Bits = typename Lanes<T>::Bits;
    x = x > splat<T>(F::largest) ? splat<T>(F::largest) : x;
    x = x < splat<T>(F::smallest) ? splat<T>(F::smallest) : x;
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
    return reciprocal<T>(expm1<T>(-x) + T(2));
}

template <class T>
inline Vector<T> tanh(Vector<T> x) {
    const T bound = sizeof(T) == 4 ? T(10) : T(20);  // tanh is 1 to rounding from here on
    x = x > splat<T>(bound) ? splat<T>(bound) : x;
    x = x < splat<T>(-bound) ? splat<T>(-bound) : x;
    const Vector<T> e = expm1<T>(x + x);
    return e * reciprocal<T>(e + T(2));
}

}  // namespace throughtime::THROUGHTIME_TARGET
