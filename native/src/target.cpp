// The core for one CPU target; CMake compiles this file once per target, with that target's flags and name.
#include "sweep.hpp"

#define THROUGHTIME_JOIN_(a, b) a##b
#define THROUGHTIME_JOIN(a, b) THROUGHTIME_JOIN_(a, b)
#define THROUGHTIME_STRING_(a) #a
#define THROUGHTIME_STRING(a) THROUGHTIME_STRING_(a)

namespace throughtime::THROUGHTIME_TARGET {
namespace {

// Calls work.template operator()<C>() with the cell's functor.
template <class T, class Work>
void with_cell(Cell cell, const Work& work) {
    switch (cell) {
        case Cell::rnn_tanh: return work.template operator()<Elman<T, false>>();
        case Cell::rnn_relu: return work.template operator()<Elman<T, true>>();
        case Cell::lstm: return work.template operator()<Lstm<T>>();
        case Cell::gru: return work.template operator()<Gru<T>>();
    }
}

template <class T>
void run_forward(Cell cell, const Shape& shape, const Forward<T>& f) {
    with_cell<T>(cell, [&]<class C>() { forward<C, T>(shape, f); });
}

template <class T>
void run_backward(Cell cell, const Shape& shape, const Backward<T>& b) {
    with_cell<T>(cell, [&]<class C>() { backward<C, T>(shape, b); });
}

template <class T>
void pack(Cell cell, const T* w_hh, std::int64_t hidden, bool backward, T* packed) {
    (backward ? pack_backward<T> : pack_forward<T>)(gates(cell), w_hh, hidden, packed);
}

std::int64_t packed_size(Cell cell, std::int64_t hidden, bool backward, bool is_double) {
    const int sums = gates(cell);
    if (is_double) return backward ? backward_size<double>(sums, hidden) : forward_size<double>(sums, hidden);
    return backward ? backward_size<float>(sums, hidden) : forward_size<float>(sums, hidden);
}

// Each lane is a polynomial in an odd number modulo 2^32, so that one changed word always changes it.
std::uint64_t digest(const char* from, std::int64_t bytes) {
    constexpr int parts = 4, lanes = THROUGHTIME_VECTOR_BYTES / 4;
    typedef std::uint32_t Words __attribute__((vector_size(THROUGHTIME_VECTOR_BYTES)));
    Words sums[parts] = {};
    while (bytes > 0)
        for (Words& sum : sums) {
            const std::int64_t size = std::clamp<std::int64_t>(bytes, 0, sizeof(Words));
            Words words{};
            if (size == sizeof(Words)) std::memcpy(&words, from, sizeof words);
            else std::memcpy(&words, from, static_cast<std::size_t>(size));
            sum = sum * 0x9e3779b1u + words;
            from += size, bytes -= size;
        }
    std::uint64_t mixed = 0;
    for (const Words& sum : sums)
        for (int lane = 0; lane < lanes; ++lane) {
            mixed = (mixed ^ sum[lane]) * 0x9e3779b97f4a7c15u;
            mixed ^= mixed >> 29;
        }
    return mixed;
}

void exercise(int function, const float* x, float* y, std::int64_t n) {
    constexpr int width = Lanes<float>::width;
    for (std::int64_t at = 0; at < n; at += width) {
        const int lanes = static_cast<int>(std::min<std::int64_t>(width, n - at));
        const Vector<float> value = load<float>(x + at, lanes);
        const Vector<float> result = function == 0   ? tanh<float>(value)
                                     : function == 1 ? sigmoid<float>(value)
                                                     : expm1<float>(value);
        store<float>(y + at, result, lanes);
    }
}

}  // namespace
}  // namespace throughtime::THROUGHTIME_TARGET

namespace throughtime {

const Target& THROUGHTIME_JOIN(THROUGHTIME_TARGET, _target)() {
    using namespace THROUGHTIME_TARGET;
    static const Target target{THROUGHTIME_STRING(THROUGHTIME_TARGET),
                               packed_size,
                               pack<float>,
                               pack<double>,
                               run_forward<float>,
                               run_forward<double>,
                               run_backward<float>,
                               run_backward<double>,
                               digest,
                               exercise};
    return target;
}

}  // namespace throughtime
