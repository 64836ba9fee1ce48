// Which of several kernels is the fastest for a shape: measured once, then remembered.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tt {

struct Candidate {
    std::string name;
    std::function<void()> run;
};

// The position of the fastest candidate for what `operation` and `key` describe. `prepared` tells
// whether its filters lie packed; otherwise each run packs them. Candidates that are switched off
// do not take part, unless none is left: then it is the first.
size_t fastest(const std::string& operation, bool prepared, const std::vector<int64_t>& key,
               const std::vector<Candidate>& candidates);

// Whether `fastest` would answer without running any.
bool is_known(const std::string& operation, bool prepared, const std::vector<int64_t>& key,
              const std::vector<Candidate>& candidates);

inline void run_fastest(const std::string& operation, bool prepared,
                        const std::vector<int64_t>& key,
                        const std::vector<Candidate>& candidates) {
    candidates[fastest(operation, prepared, key, candidates)].run();
}

}  // namespace tt
