#include <pybind11/eigen.h>
#include <pybind11/stl.h>

#include "bindings.hpp"
#include "penalty_argument.hpp"
#include "pyreweight/registry.hpp"

namespace py = pybind11;

namespace pyreweight {

namespace {

using Face = void (Penalty::*)(const ConstVec&, double, MutVec) const;

const std::map<std::string, Face>& faces() {
  static const std::map<std::string, Face> table = {{"value", &Penalty::value},
                                                    {"derivative", &Penalty::slope},
                                                    {"curvature", &Penalty::curvature},
                                                    {"eta", &Penalty::eta},
                                                    {"conjugate", &Penalty::conjugate}};
  return table;
}

Vector evaluate_penalty(const std::string& name, const py::dict& params, const std::string& face, const ConstVec& t,
                        double alpha) {
  const auto found = faces().find(face);
  if (found == faces().end()) throw std::invalid_argument("unknown face '" + face + "' of a penalty");
  Vector out(t.size());
  (*make_penalty(name, params).*found->second)(t, alpha, out);
  return out;
}

Vector prox_penalty(const std::string& name, const py::dict& params, const ConstVec& z, double alpha, double step) {
  Vector out(z.size());
  make_penalty(name, params)->prox(z, alpha, step, out);
  return out;
}

double zero_threshold(const std::string& name, const py::dict& params, double alpha, double step) {
  return make_penalty(name, params)->zero_threshold(alpha, step);
}

py::tuple majorise_penalty(const std::string& name, const py::dict& params, const ConstVec& t, double alpha) {
  Vector l1(t.size()), l2(t.size());
  make_penalty(name, params)->majorise(t, alpha, l1, l2);
  return py::make_tuple(l1, l2);
}

py::dict penalty_properties(const std::string& name, const py::dict& params) {
  const auto penalty = make_penalty(name, params);
  py::dict out;
  out["slope_at_zero"] = penalty->slope_at_zero();
  out["convex"] = penalty->convex();
  out["separable"] = penalty->separable();
  out["linear_quadratic"] = penalty->linear_quadratic();
  return out;
}

}  // namespace

void bind_penalties(py::module_& m) {
  m.def("penalty_names", &penalty_names, py::arg("separable") = true,
        "Names of the separable penalties, or of the others, sorted.");
  m.def("penalty_parameters", &penalty_parameters, py::arg("name"), "Parameter names of a penalty.");
  m.def("penalty_properties", &penalty_properties, py::arg("name"), py::arg("params"),
        "Slope at zero, convexity and form of a penalty.");
  m.def("evaluate_penalty", &evaluate_penalty, py::arg("name"), py::arg("params"), py::arg("face"),
        py::arg("t").noconvert(), py::arg("alpha"),
        "'value', 'derivative', 'curvature' or 'eta' at t >= 0, or 'conjugate' at eta >= 0.");
  m.def("prox_penalty", &prox_penalty, py::arg("name"), py::arg("params"), py::arg("z").noconvert(), py::arg("alpha"),
        py::arg("step"), "Proximal operator of step * alpha * Omega at z >= 0.");
  m.def("zero_threshold", &zero_threshold, py::arg("name"), py::arg("params"), py::arg("alpha"), py::arg("step"),
        "Largest z whose prox is 0.");
  m.def("majorise_penalty", &majorise_penalty, py::arg("name"), py::arg("params"), py::arg("t").noconvert(),
        py::arg("alpha"), "Coefficients (l1, l2) of the majoriser l1 |x| + l2 x^2 / 2 that touches Omega at t.");
}

}  // namespace pyreweight
