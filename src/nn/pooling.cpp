// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/pooling.hpp"

namespace xtape::nn {

template <class T>
MaxPool2d<T>::MaxPool2d(const Config& config)
    : MaxPool2d(config.size("kernel"), {.stride = config.size("stride"), .padding = config.size("padding")}) {
}

template <class T>
GraphValue MaxPool2d<T>::add_to(Graph<T>& graph, GraphValue x) const {
  return graph.apply(operations::MaxPool2d{kernel_, options_}, {x});
}

template <class T>
Config MaxPool2d<T>::config() const {
  return Config().set("kernel", kernel_).set("stride", options_.stride).set("padding", options_.padding);
}

template <class T>
AvgPool2d<T>::AvgPool2d(const Config& config)
    : AvgPool2d(config.size("kernel"), {.stride = config.size("stride"),
                                        .padding = config.size("padding"),
                                        .count_include_pad = config.flag("count_include_pad")}) {}

template <class T>
GraphValue AvgPool2d<T>::add_to(Graph<T>& graph, GraphValue x) const {
  return graph.apply(operations::AvgPool2d{kernel_, options_}, {x});
}

template <class T>
Config AvgPool2d<T>::config() const {
  return Config()
      .set("kernel", kernel_)
      .set("stride", options_.stride)
      .set("padding", options_.padding)
      .set("count_include_pad", options_.count_include_pad);
}

template class MaxPool2d<float>;
template class MaxPool2d<double>;
template class AvgPool2d<float>;
template class AvgPool2d<double>;

}  // namespace xtape::nn
