// The core's own test, for machines without Python: every cell and option on every CPU target that runs here against a
// plain loop in double. Outputs are compared one by one; gradients by the change of a random functional along a random
// direction.
#include <cstdio>
#include <string>

#include "diagonal_checks.hpp"
#include "run.hpp"

using namespace throughtime;

namespace {

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

std::string described(const Target& target, const Problem& p, const Options& o, const char* type) {
    std::string text = std::string(target.name) + " " + type + " cell " + std::to_string(static_cast<int>(p.cell)) +
                       " H " + std::to_string(p.hidden) + " B " + std::to_string(p.batch()) + " threads " +
                       std::to_string(o.threads);
    const std::pair<bool, const char*> on[] = {{o.reverse, " reverse"},
                                               {o.zones, " zoneout"},
                                               {o.restart, " restart"},
                                               {!p.peepholes.empty(), " peepholes"},
                                               {!p.gain.empty(), " layer norm"},
                                               {!p.w_hr.empty(), " projection"},
                                               {o.heads, " heads"},
                                               {o.fused, " input's projection"}};
    for (const auto& [is_on, name] : on) text += is_on ? name : "";
    return text;
}

// Each gradient along a random direction, against the difference of the plain loop's outcomes.
void check_gradients(const Problem& p, const Problem& gradients, const Outcome& by, double allowed,
                     const std::string& where) {
    const auto functional = [&](const Problem& at) {
        const Outcome out = plain(at);
        return dot(out.y, by.y) + dot(out.h_n, by.h_n) + dot(out.c_n, by.c_n);
    };
    const std::pair<Values Problem::*, const char*> all[] = {{&Problem::from_x, "gradient of W_ih x"},
                                                             {&Problem::w, "gradient of W_hh"},
                                                             {&Problem::bias_n, "gradient of b_hn"},
                                                             {&Problem::w_hr, "gradient of W_hr"},
                                                             {&Problem::peepholes, "gradient of the peepholes"},
                                                             {&Problem::gain, "gradient of the gain"},
                                                             {&Problem::shift, "gradient of the shift"},
                                                             {&Problem::gain_c, "gradient of c's gain"},
                                                             {&Problem::shift_c, "gradient of c's shift"},
                                                             {&Problem::restart_h, "gradient of the restart of h"},
                                                             {&Problem::restart_c, "gradient of the restart of c"},
                                                             {&Problem::h0, "gradient of h0"},
                                                             {&Problem::c0, "gradient of c0"}};
    for (const auto& [member, what] : all) {
        if ((p.*member).empty()) continue;
        const double eps = 1e-5;
        const Values& gradient = gradients.*member;
        const Values direction = drawn((p.*member).size(), 1 / std::sqrt((p.*member).size()));
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
    if (p.cell == Cell::rnn_relu) return;  // its kinks make differences useless; the rnn shares the code
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
    if (!target.forward_bfloat16 || hidden % 2 || cell == Cell::gru_reset_before || carried(cell) == 3) return;
    const Options plainly{.reverse = o.reverse, .zones = o.zones, .threads = o.threads};
    check_bfloat16(target, made(cell, 4, hidden, sizes, plainly), plainly);
}

}  // namespace

int main() {
    const std::vector<std::vector<std::int64_t>> batches{{1}, {1, 1, 1, 1, 1}, {3, 3, 2, 1}, {19, 13, 13, 1}};
    const Cell cells[] = {Cell::rnn_tanh,  Cell::rnn_relu,        Cell::lstm, Cell::gru, Cell::slstm,
                          Cell::slstm_exp, Cell::gru_reset_before};
    for (const Target* target : targets()) {
        for (const Cell cell : cells) {
            for (std::int64_t hidden : {1, 4, 17, 34})
                for (const auto& sizes : batches)
                    for (int repeat = 0; repeat < 8; ++repeat) check_cell(*target, cell, hidden, sizes);
            for (int repeat = 0; repeat < 8; ++repeat) check_cell(*target, cell, 130, {2, 2, 1});  // units are split
        }
        check_diagonal(*target, near, expect);
        std::printf("%s: %d values and gradients so far, %d wrong\n", target->name, checks, failures);
    }
    return failures ? 1 : 0;
}
