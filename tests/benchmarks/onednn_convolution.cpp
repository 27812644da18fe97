// SPDX-License-Identifier: BSD-3-Clause
#include <omp.h>

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>
#include <utility>

#include "convolutions.hpp"

namespace benchmarks::with_onednn {
namespace {

using dnnl::memory;

// Before version 3 a primitive's description was made of one of the operation.
template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, Arguments&&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine, std::forward<Arguments>(arguments)...);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(std::forward<Arguments>(arguments)...),
                                            engine);
#endif
}

template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine,
                                                     const dnnl::convolution_forward::primitive_desc& forward,
                                                     Arguments&&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine, std::forward<Arguments>(arguments)..., forward);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(std::forward<Arguments>(arguments)...),
                                            engine, forward);
#endif
}

memory::dim extent(std::size_t n) { return static_cast<memory::dim>(n); }

memory::desc in_any_order(std::initializer_list<std::size_t> shape) {
  memory::dims extents;
  std::transform(shape.begin(), shape.end(), std::back_inserter(extents), extent);
  return {extents, memory::data_type::f32, memory::format_tag::any};
}

memory::desc weights_of(const Convolution& shape) {
  const auto [rows, columns] = shape.kernel;
  const std::size_t out = shape.out / shape.groups, in = shape.in / shape.groups;
  return shape.groups == 1 ? in_any_order({out, in, rows, columns})
                           : in_any_order({shape.groups, out, in, rows, columns});
}

memory filled(const memory::desc& description, const dnnl::engine& engine) {
  memory result(description, engine);
  auto* const elements = static_cast<float*>(result.get_data_handle());
  std::fill(elements, elements + description.get_size() / sizeof(float), 0.5F);
  return result;
}

template <class Primitive>
RunPass running(const typename Primitive::primitive_desc& description, const dnnl::engine& engine,
                const std::initializer_list<std::pair<const int, memory::desc>>& descriptions) {
  std::unordered_map<int, memory> arguments;
  for (const auto& [name, of_memory] : descriptions) arguments.emplace(name, filled(of_memory, engine));
  return [arguments, primitive = Primitive(description), stream = dnnl::stream(engine)]() mutable {
    primitive.execute(stream, arguments);
    stream.wait();
  };
}

}  // namespace

RunPass convolution(const Convolution& shape, Pass pass) {
  omp_set_num_threads(1);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const auto of_x = in_any_order({shape.batch, shape.in, shape.image[0], shape.image[1]});
  const auto of_y = in_any_order({shape.batch, shape.out, shape.out_image()[0], shape.out_image()[1]});
  const auto of_weight = weights_of(shape);
  const memory::dims stride{extent(shape.stride), extent(shape.stride)},
      padding{extent(shape.padding[0]), extent(shape.padding[1])};
  constexpr auto algorithm = dnnl::algorithm::convolution_auto;

  const auto forward = describe<dnnl::convolution_forward>(
      engine, dnnl::prop_kind::forward_training, algorithm, of_x, of_weight, of_y, stride, padding, padding);
  if (pass == Pass::forward) {
    return running<dnnl::convolution_forward>(forward, engine,
                                              {{DNNL_ARG_SRC, forward.src_desc()},
                                               {DNNL_ARG_WEIGHTS, forward.weights_desc()},
                                               {DNNL_ARG_DST, forward.dst_desc()}});
  }
  if (pass == Pass::input_gradient) {
    const auto backward = describe_backward<dnnl::convolution_backward_data>(
        engine, forward, algorithm, of_x, of_weight, of_y, stride, padding, padding);
    return running<dnnl::convolution_backward_data>(backward, engine,
                                                    {{DNNL_ARG_DIFF_SRC, backward.diff_src_desc()},
                                                     {DNNL_ARG_WEIGHTS, backward.weights_desc()},
                                                     {DNNL_ARG_DIFF_DST, backward.diff_dst_desc()}});
  }
  const auto backward = describe_backward<dnnl::convolution_backward_weights>(
      engine, forward, algorithm, of_x, of_weight, of_y, stride, padding, padding);
  return running<dnnl::convolution_backward_weights>(backward, engine,
                                                     {{DNNL_ARG_SRC, backward.src_desc()},
                                                      {DNNL_ARG_DIFF_WEIGHTS, backward.diff_weights_desc()},
                                                      {DNNL_ARG_DIFF_DST, backward.diff_dst_desc()}});
}

}  // namespace benchmarks::with_onednn
