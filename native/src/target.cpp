// The core for one CPU target; CMake compiles this file once per target, with that target's flags and name.
#include <vector>

#include "backward.hpp"
#include "diagonal/backward.hpp"
#include "diagonal/forward.hpp"
#include "forward.hpp"
#include "product.hpp"
#include "slstm.hpp"
#include "stream.hpp"

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
        case Cell::slstm: return work.template operator()<Slstm<T, false>>();
        case Cell::slstm_exp: return work.template operator()<Slstm<T, true>>();
        case Cell::gru_reset_before: return work.template operator()<GruResetBefore<T>>();
    }
}

template <class T, class S>
void run_forward(Cell cell, const Shape& shape, const Forward<T, S>& f) {
    with_cell<T>(cell, [&]<class C>() {
        if constexpr (std::is_same_v<T, S> || (!C::apart && carried(C::cell) == 1)) forward<C, T, S>(shape, f);
    });
}

template <class T>
void run_backward(Cell cell, const Shape& shape, const Backward<T>& b) {
    with_cell<T>(cell, [&]<class C>() { backward<C, T>(shape, b); });
}

template <class T, class Work>
void with_diagonal(Diagonal cell, const Work& work) {
    switch (cell) {
        case Diagonal::given: return work.template operator()<Given<T>>();
        case Diagonal::mingru: return work.template operator()<MinGru<T, false>>();
        case Diagonal::mingru_log: return work.template operator()<MinGru<T, true>>();
        case Diagonal::minlstm: return work.template operator()<MinLstm<T, false>>();
        case Diagonal::minlstm_log: return work.template operator()<MinLstm<T, true>>();
        case Diagonal::lru: return work.template operator()<Lru<T>>();
        case Diagonal::rglru: return work.template operator()<RgLru<T>>();
        case Diagonal::sru: return work.template operator()<Sru<T>>();
        case Diagonal::indrnn_relu: return work.template operator()<IndRnn<T, true>>();
        case Diagonal::indrnn_tanh: return work.template operator()<IndRnn<T, false>>();
        case Diagonal::paragru: return work.template operator()<ParaGru<T>>();
    }
}

std::vector<int> diagonal_sizes(Diagonal cell) {
    std::vector<int> sizes;
    with_diagonal<float>(cell, [&]<class C>() { sizes = {C::gates, C::numbers, C::states}; });
    return sizes;
}

std::vector<int> diagonal_cut(Diagonal cell, const Shape& shape) {
    std::vector<int> parts;
    with_diagonal<float>(cell, [&]<class C>() {
        const Cut cut(shape, C::linear);
        parts = {cut.by_rows, cut.by_units, cut.by_time};
    });
    return parts;
}

template <class T>
void run_diagonal_forward(Diagonal cell, const Shape& shape, const DiagonalForward<T>& f) {
    with_diagonal<T>(cell, [&]<class C>() { diagonal_forward<C, T>(shape, f); });
}

template <class T>
void run_diagonal_backward(Diagonal cell, const Shape& shape, const DiagonalBackward<T>& b) {
    with_diagonal<T>(cell, [&]<class C>() { diagonal_backward<C, T>(shape, b); });
}

// Weights of bfloat16 are only asked for where the target multiplies them.
template <class T>
std::unique_ptr<Stream> stream(const StreamShape& shape, const std::vector<StreamLayer<T>>& layers) {
    std::unique_ptr<Stream> made;
    with_cell<T>(shape.cell, [&]<class C>() {
        if constexpr (!C::apart && carried(C::cell) == 1) {
#if defined(__AVX512BF16__)
            if constexpr (sizeof(T) == 4)
                if (shape.bfloat16) made = std::make_unique<StackStream<C, T, Bfloat16>>(shape, layers);
#endif
            if (!shape.bfloat16) made = std::make_unique<StackStream<C, T, T>>(shape, layers);
        }
    });
    return made;
}

template <class T>
void pack(int sums, const T* w, std::int64_t units, std::int64_t depth, bool backward, T* packed, int threads) {
    (backward ? pack_backward<T> : pack_forward<T>)(sums, w, units, depth, packed, threads);
}

// Multiplications and additions per second of all threads together, in registers: what no product can pass.
template <class S>
double peak(int threads) {
    constexpr int sums = 4, rows = 6, depth = 256;
    const std::vector<S> panel(sums * panel_units<S>(sums) * depth + 64), row(depth);
    const int repeats = 20000;
    double seconds = 0;
#pragma omp parallel num_threads(threads) reduction(max : seconds)
    {
        const S* from[rows];
        std::fill(from, from + rows, row.data());
        Vector<float> total{};
        const double start = omp_get_wtime();
        for (int repeat = 0; repeat < repeats; ++repeat) {
            Vector<float> sum[rows][sums] = {};
            multiply<float, S, sums, rows>(from, panel.data(), depth, sum);
            for (auto& row_sums : sum)
                for (const Vector<float>& each : row_sums) total += each;
            asm volatile("" : "+m"(total));  // or the compiler would multiply once, after the clock is read
        }
        seconds = omp_get_wtime() - start;
    }
    return 2.0 * repeats * sums * Lanes<float>::width * rows * depth * threads / seconds;
}

double peak_of(bool bfloat16, int threads) {
#if defined(__AVX512BF16__)
    if (bfloat16) return peak<Bfloat16>(threads);
#endif
    return bfloat16 ? 0 : peak<float>(threads);
}

// Each step maps a lane's sums one to one, so that one changed word always changes it; the shift carries high bits down,
// or else two flipped signs would cancel.
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
            sum = (sum ^ words) * 0x9e3779b1u;
            sum ^= sum >> 15;
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
#if defined(__AVX512BF16__)
    constexpr auto forward_bfloat16 = run_forward<float, Bfloat16>;
#else
    constexpr decltype(Target::forward_bfloat16) forward_bfloat16 = nullptr;
#endif
    static const Target target{THROUGHTIME_STRING(THROUGHTIME_TARGET),
                               packed_size,
                               pack<float>,
                               pack<double>,
                               pack_forward<Bfloat16>,
                               run_forward<float, float>,
                               run_forward<double, double>,
                               forward_bfloat16,
                               run_backward<float>,
                               run_backward<double>,
                               transposed_product<float>,
                               transposed_product<double>,
                               draw_mask<float>,
                               draw_mask<double>,
                               digest,
                               exercise,
                               peak_of,
                               diagonal_sizes,
                               diagonal_cut,
                               run_diagonal_forward<float>,
                               run_diagonal_forward<double>,
                               run_diagonal_backward<float>,
                               run_diagonal_backward<double>,
                               stream<float>,
                               stream<double>};
    return target;
}

}  // namespace throughtime
