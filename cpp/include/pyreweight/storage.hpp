#pragma once

#include <Eigen/Core>

// Eigen's resize frees the old entries before it asks for the new ones and keeps the pointer to them when there is no
// memory, so that the destructor frees them twice on the way of std::bad_alloc to the caller. Here the storage is empty
// in between. The order that the options name says nothing about storage, so that of the other one is the base.
namespace Eigen {

template <>
class DenseStorage<double, Dynamic, Dynamic, Dynamic, ColMajor>
    : public DenseStorage<double, Dynamic, Dynamic, Dynamic, RowMajor> {
  using Base = DenseStorage<double, Dynamic, Dynamic, Dynamic, RowMajor>;

 public:
  using Base::Base;
  void resize(Index size, Index rows, Index cols) {
    if (size != Base::rows() * Base::cols()) Base::resize(0, 0, 0);
    Base::resize(size, rows, cols);
  }
};

template <>
class DenseStorage<double, Dynamic, Dynamic, 1, ColMajor> : public DenseStorage<double, Dynamic, Dynamic, 1, RowMajor> {
  using Base = DenseStorage<double, Dynamic, Dynamic, 1, RowMajor>;

 public:
  using Base::Base;
  void resize(Index size, Index rows, Index cols) {
    if (size != Base::rows()) Base::resize(0, 0, 1);
    Base::resize(size, rows, cols);
  }
};

}  // namespace Eigen
