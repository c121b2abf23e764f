#include "bindings.hpp"

#ifndef PYREWEIGHT_MODULE
#error "PYREWEIGHT_MODULE names the module; CMakeLists.txt defines it"
#endif

namespace {

/// Whether this processor runs the x86-64-v3 build (AVX2, FMA, BMI).
bool supports_v3() {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
  __builtin_cpu_init();
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
  return __builtin_cpu_supports("x86-64-v3");
#else
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
#endif
#else
  return false;
#endif
}

}  // namespace

PYBIND11_MODULE(PYREWEIGHT_MODULE, m) {
  m.doc() = "Compiled core of pyreweight: penalties and solvers.";
  m.def("supports_v3", &supports_v3, "Whether this processor runs the x86-64-v3 build.");
  pyreweight::bind_penalties(m);
  pyreweight::bind_fit(m);
  pyreweight::bind_training(m);
  pyreweight::bind_path(m);
}
