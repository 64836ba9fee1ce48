#include "tuning.h"

#include <fcntl.h>
#include <omp.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>

namespace tt {
namespace {

std::mutex guard;
std::map<std::string, std::string> chosen;  // what was measured -> name of the fastest
std::map<std::vector<int64_t>, size_t> answers;  // what was asked before -> position, faster found
std::string record;                         // the file that remembers it; empty: none
std::set<std::string> switched_off;

double seconds() {
    using clock = std::chrono::steady_clock;
    return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
}

// One line, written at once: processes may append to the same file at the same time.
void remember(const std::string& what, const std::string& name, const std::string& times) {
    if (record.empty()) return;
    const int file = open(record.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (file < 0) return;  // measured again the next time
    const std::string line = what + " = " + name + " # " + times + "\n";
    const ssize_t written = write(file, line.data(), line.size());
    (void)written;
    close(file);
}

// What is to be decided, and what of it is known. `guard` must be held.
struct Question {
    std::vector<size_t> allowed;
    std::string text;
    std::optional<size_t> answer;

    Question(const std::string& operation, bool prepared, const std::vector<int64_t>& key,
             const std::vector<Candidate>& candidates) {
        for (size_t i = 0; i < candidates.size(); ++i)
            if (!switched_off.count(candidates[i].name)) allowed.push_back(i);
        if (allowed.size() < 2) {
            answer = allowed.empty() ? 0 : allowed[0];
            return;
        }
        text = operation;
        for (int64_t number : key) text += ' ' + std::to_string(number);
        text += prepared ? "" : " packing";
        text += " threads " + std::to_string(omp_get_max_threads()) + " of";
        for (size_t i : allowed) text += ' ' + candidates[i].name;
        const auto found = chosen.find(text);
        if (found == chosen.end()) return;
        for (size_t i : allowed)
            if (candidates[i].name == found->second) answer = i;
    }
};

// The position of the fastest, if it is known.
std::optional<size_t> known(const std::string& operation, bool prepared,
                            const std::vector<int64_t>& key,
                            const std::vector<Candidate>& candidates) {
    std::vector<int64_t> asked(key);
    for (int64_t more : {(int64_t)std::hash<std::string>()(operation), (int64_t)prepared,
                         (int64_t)omp_get_max_threads()})
        asked.push_back(more);
    const std::lock_guard<std::mutex> held(guard);
    const auto found = answers.find(asked);
    if (found != answers.end()) return found->second;
    const Question question(operation, prepared, key, candidates);
    if (question.answer) answers[asked] = *question.answer;
    return question.answer;
}

}  // namespace

bool is_known(const std::string& operation, bool prepared, const std::vector<int64_t>& key,
              const std::vector<Candidate>& candidates) {
    return known(operation, prepared, key, candidates).has_value();
}

size_t fastest(const std::string& operation, bool prepared, const std::vector<int64_t>& key,
               const std::vector<Candidate>& candidates) {
    if (const auto answer = known(operation, prepared, key, candidates)) return *answer;
    std::unique_lock<std::mutex> held(guard);
    const Question question(operation, prepared, key, candidates);
    held.unlock();
    const std::vector<size_t>& allowed = question.allowed;
    // In turns, so that a neighbour's work on the machine falls on all of them; the first round
    // warms up. What takes long varies less.
    std::vector<double> least(candidates.size(), 1e300);
    double spent = 0;
    for (int round = 0; round < 4 || (round < 10 && spent < 0.03); ++round)
        for (size_t i : allowed) {
            const double start = seconds();
            candidates[i].run();
            const double taken = seconds() - start;
            spent += taken;
            if (round > 0 && taken < least[i]) least[i] = taken;
        }
    size_t best = allowed[0];
    std::ostringstream times;
    for (size_t i : allowed) {
        if (least[i] < least[best]) best = i;
        times << candidates[i].name << ' ' << least[i] * 1e3 << " ms ";
    }
    held.lock();
    chosen[question.text] = candidates[best].name;
    remember(question.text, candidates[best].name, times.str());
    return best;
}

}  // namespace tt

// For Python, which calls them through ctypes.
extern "C" {

// Reads what `path` remembers, and writes there from now on.
void tt_remember_in(const char* path) {
    const std::lock_guard<std::mutex> held(tt::guard);
    tt::record = path;
    tt::answers.clear();
    std::ifstream lines(path);
    for (std::string line; std::getline(lines, line);) {
        const size_t equals = line.find(" = "), comment = line.find(" # ");
        if (equals == std::string::npos || comment == std::string::npos) continue;
        tt::chosen[line.substr(0, equals)] = line.substr(equals + 3, comment - equals - 3);
    }
}

// Lets the candidates of this name take part or not.
void tt_switch(const char* name, int on) {
    const std::lock_guard<std::mutex> held(tt::guard);
    tt::answers.clear();
    if (on)
        tt::switched_off.erase(name);
    else
        tt::switched_off.insert(name);
}
}
