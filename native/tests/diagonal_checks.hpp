// Every diagonal cell, however its sweep is cut, against the plain loop.
#pragma once

#include <string>

#include "diagonal_run.hpp"

namespace throughtime {

// Each gradient along a random direction, against the difference of the plain loop's outcomes.
template <class Expect>
void check_gradients(const DiagonalProblem& p, const DiagonalProblem& gradients, const DiagonalOutcome& by,
                     double allowed, const std::string& where, const Expect& expect) {
    const auto functional = [&](const DiagonalProblem& at) {
        const DiagonalOutcome out = plain(at);
        return (by.states.empty() ? 0 : dot(out.states, by.states)) + dot(out.finals, by.finals);
    };
    const std::pair<Values DiagonalProblem::*, const char*> all[] = {
        {&DiagonalProblem::x, "gradient of x"},
        {&DiagonalProblem::own, "gradient of the units' numbers"},
        {&DiagonalProblem::initial, "gradient of the initial state"},
        {&DiagonalProblem::restart, "gradient of the restart"}};
    const double eps = p.cell == Diagonal::indrnn_relu ? 1e-7 : 1e-5;  // so small a step meets no kink
    for (const auto& [member, what] : all) {
        if ((p.*member).empty()) continue;
        const Values& gradient = gradients.*member;
        const Values direction = drawn((p.*member).size(), 1 / std::sqrt((p.*member).size()));
        DiagonalProblem up = p, down = p;
        for (std::size_t k = 0; k < direction.size(); ++k)
            (up.*member)[k] += eps * direction[k], (down.*member)[k] -= eps * direction[k];
        const double error = std::abs((functional(up) - functional(down)) / (2 * eps) - dot(gradient, direction));
        expect(error <= allowed * (1 + std::sqrt(dot(gradient, gradient))), where, what, error);
    }
}

template <class T, class Near, class Expect>
void check(const Target& target, const DiagonalProblem& p, int threads, const Near& near, const Expect& expect) {
    const std::string where = std::string(target.name) + (sizeof(T) == 8 ? " double" : " float") + " diagonal cell " +
                              std::to_string(static_cast<int>(p.cell)) + " H " + std::to_string(p.hidden) + " B " +
                              std::to_string(p.batch()) + " T " + std::to_string(p.sizes.size()) + " threads " +
                              std::to_string(threads) + (p.reverse ? " reverse" : "");
    const double rounding = sizeof(T) == 8 ? 1e-11 : 1e-4;  // some hundred operations of 1e-16, or 6e-8
    const DiagonalOutcome told = plain(p);
    DiagonalRun<T> core(target, p, threads);
    core.forward();
    near(wide(core.states), told.states, rounding, where, "states");
    near(wide(core.finals), told.finals, rounding, where, "final states");
    const DiagonalOutcome by{threads % 2 ? drawn(told.states.size()) : Values{}, drawn(told.finals.size())};
    const double of_difference = p.cell == Diagonal::indrnn_relu ? 1e-6 : 1e-7;
    check_gradients(p, core.backward(by), by, sizeof(T) == 8 ? of_difference : 2e-4, where, expect);
}

// Few rows of few units, so that threads share out time; units that fill lanes or not; many rows.
template <class Near, class Expect>
void check_diagonal(const Target& target, const Near& near, const Expect& expect) {
    const std::vector<std::vector<std::int64_t>> batches{
        {1}, std::vector<std::int64_t>(60, 1), {2, 2, 2, 1, 1, 1, 1}, {3, 3, 2, 1}, {19, 13, 13, 1}};
    for (int cell = 0; cell <= static_cast<int>(Diagonal::paragru); ++cell)
        for (std::int64_t hidden : {1, 4, 17, 34})
            for (const auto& sizes : batches)
                for (int repeat = 0; repeat < 2; ++repeat) {
                    const int threads = 1 + static_cast<int>(generator() % 8);
                    const DiagonalProblem p = made(target, static_cast<Diagonal>(cell), hidden, sizes);
                    check<float>(target, p, threads, near, expect);
                    check<double>(target, p, threads, near, expect);
                }
}

}  // namespace throughtime
