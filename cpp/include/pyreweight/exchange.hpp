#pragma once

#include <vector>

#include "pyreweight/coordinate_search.hpp"
#include "pyreweight/gram_solver.hpp"

namespace pyreweight {

/// Ways from one local minimum of a penalty that is not convex to a lower one: a coordinate leaves the support, the
/// rest of the support follows, and others may enter instead.
///
/// How far the rest follows is known from H = G + Omega'' on the support A, up to changes of Omega'': with h = H^-1,
/// coordinate i leaves along -v_i h_i / h_ii, which adds v_i w_ij / h_ii, w_j = h G_Aj, to the correlation of a column
/// j outside. So all departures are judged for the price of h and w, and only those that might pay are tried.
class Exchange {
 public:
  /// At the stationary point that `inner` holds. All references must outlive it.
  Exchange(const Problem& problem, const Regularizer& regularizer, const Columns& working, GramForm& inner,
           CoordinateSearch& search)
      : problem_(problem), regularizer_(regularizer), working_(working), inner_(inner), search_(search) {}

  /// Products it takes for so many nonzeros among so many working columns.
  static double cost(double active, double working) { return active * active * (active + working); }
  /// Tries the departures that promise most first, and keeps those that lower the objective; whether any did.
  bool run();

 private:
  struct Departure {
    double gained;  // by columns that could enter, each alone
    Index place;    // in active_
  };

  bool prepare();
  double cost(Index place, const Vector& v, const Vector& c) const;
  std::vector<Departure> judge() const;
  bool attempt(Index place);

  const Problem& problem_;
  const Regularizer& regularizer_;
  const Columns& working_;
  GramForm& inner_;
  CoordinateSearch& search_;
  Columns active_, idle_;  // inner coordinates: nonzero ones, and the zeros that may enter
  Columns columns_;        // those of active_
  Vector terms_;           // H - G, a diagonal
  Matrix inverse_;         // h, (m, m)
  Matrix response_;        // the w_j of idle_, (m, count)
};

}  // namespace pyreweight
