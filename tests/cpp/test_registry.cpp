// What the registry refuses: unknown names and parameters out of their range, each by name.

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pyreweight/registry.hpp"

namespace pyreweight {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The message of the std::invalid_argument that make_penalty throws; empty when it throws none.
std::string refusal(const std::string& name, const Params& params) {
  try {
    make_penalty(name, params);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

bool mentions(const std::string& message, const std::string& word) { return message.find(word) != std::string::npos; }

TEST_CASE("an unknown penalty is refused with the list of the known ones") {
  const std::string message = refusal("no_such_penalty", {});
  CHECK(mentions(message, "no_such_penalty"));
  for (const std::string& name : penalty_names()) CHECK(mentions(message, name));
}

TEST_CASE("a parameter that is unknown or not finite is refused by name") {
  for (const std::string& name : penalty_names()) {
    CAPTURE(name);
    CHECK(mentions(refusal(name, {{"no_such_parameter", 1.0}}), "no_such_parameter"));
    for (const std::string& parameter : penalty_parameters(name)) {
      for (const double bad : {kNan, kInf, -kInf}) {
        CAPTURE(bad);
        CHECK(mentions(refusal(name, {{parameter, bad}}), parameter));
      }
    }
  }
}

TEST_CASE("a parameter out of its range is refused by name") {
  const std::vector<std::pair<std::string, Params>> cases = {
      {"mcp", {{"gamma", 0.0}}},
      {"scad", {{"a", 1.0}}},
      {"lp", {{"p", 0.0}}},
      {"elastic_net", {{"l1_ratio", -0.1}}},
      {"elastic_net", {{"l1_ratio", 1.1}}},
      {"bernoulli_dropout", {{"rate", 1.0}}},
      {"standout", {{"slope", 0.0}}},
      {"log_sum", {{"scale", 0.0}}},
      {"log_sum", {{"scale", -1.0}}},
  };
  for (const auto& [name, params] : cases) {
    const std::string parameter = params.begin()->first;
    CAPTURE(name);
    CAPTURE(parameter);
    CHECK(mentions(refusal(name, params), parameter));
  }
}

}  // namespace
}  // namespace pyreweight
