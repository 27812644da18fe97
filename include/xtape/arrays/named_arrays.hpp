// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "xtape/arrays/any_array.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_view.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// Arrays by their names: what models, optimizers and everything else that a training changes give as their
/// state, and what files of weights and checkpoints hold. Names are nested with dots, as in
/// "optimizer.0.weight".
///
///     NamedArrays state;
///     state.add("model.", model.state());
///     state.add("optimizer.", optimizer.state());
class NamedArrays {
 public:
  /// @throws ArgumentError  the name is taken.
  void add(std::string name, AnyArray array);

  /// A copy.
  template <class T>
  void add(std::string name, ArrayView<const T> array) {
    add(std::move(name), AnyArray(Array<T>(array)));
  }
  /// A copy.
  template <class T>
  void add(std::string name, ArrayView<T> array) {
    add(std::move(name), ArrayView<const T>(array));
  }

  /// A single number, as an array of shape ().
  template <class T>
  void add_scalar(std::string name, T number) {
    add(std::move(name), ArrayView<const T>(&number, Shape{}));
  }

  /// All of another, with `prefix` before each name.
  /// @throws ArgumentError  a name is taken; none has been added then.
  void add(std::string_view prefix, NamedArrays arrays);

  /// All of another; where both have a name, its array takes the place of the one here.
  void merge(NamedArrays arrays);

  /// Gives an array another name.
  /// @throws ArgumentError  there is none of that name, or the new one is taken; nothing has changed then.
  void rename(std::string_view name, std::string new_name);

  /// Puts `replacement` where names begin with `prefix`: rename_prefix("module.", "") turns "module.0.weight"
  /// into "0.weight".
  /// @throws ArgumentError  no name begins so, or a new one is taken; nothing has changed then.
  void rename_prefix(std::string_view prefix, std::string_view replacement);

  /// Takes an array out, and gives it.
  /// @throws ArgumentError  there is none of that name.
  AnyArray remove(std::string_view name);

  /// Those whose names begin with `prefix`, without it.
  NamedArrays with_prefix(std::string_view prefix) const;

  /// Whether there is an array of that name.
  bool contains(std::string_view name) const { return arrays_.find(name) != arrays_.end(); }

  /// @throws ArgumentError  there is none of that name.
  const AnyArray& operator[](std::string_view name) const&;
  /// Of temporary arrays: the array itself, taken out of them.
  AnyArray operator[](std::string_view name) &&;

  /// An array whose type and shape are known beforehand.
  /// @param function  who asks, for messages.
  /// @throws ArgumentError  there is none of that name, or it holds elements of another type.
  /// @throws ShapeError     it is of another shape.
  template <class T>
  ArrayView<const T> get(const char* function, std::string_view name, const Shape& shape) const& {
    const AnyArray& array = find(function, name);
    require(function, name, array, element_type_of<T>(), shape);
    return array.get<T>();
  }
  /// Of temporary arrays: a copy.
  template <class T>
  Array<T> get(const char* function, std::string_view name, const Shape& shape) const&& {
    return Array<T>(get<T>(function, name, shape));
  }
  /// A single number; errors are those of get().
  template <class T>
  T get_scalar(const char* function, std::string_view name) const {
    return get<T>(function, name, Shape{})[0];
  }

  /// @throws ArgumentError  there is an array that none of `names` names; the message says which.
  template <class Names>
  void require_only(const char* function, const Names& names) const {
    for (const auto& [name, array] : arrays_) {
      bool known = false;
      for (const auto& one : names) known = known || one == name;
      if (!known) throw_unknown(function, name);
    }
  }

  /// How many arrays there are.
  std::size_t size() const noexcept { return arrays_.size(); }
  /// Pairs of name and array, by name.
  auto begin() const noexcept { return arrays_.begin(); }
  /// Behind the last one.
  auto end() const noexcept { return arrays_.end(); }

 private:
  using Arrays = std::map<std::string, AnyArray, std::less<>>;

  Arrays::const_iterator place_of(const char* function, std::string_view name) const;
  const AnyArray& find(const char* function, std::string_view name) const;
  static void require(const char* function, std::string_view name, const AnyArray& array, ElementType type,
                      const Shape& shape);
  [[noreturn]] static void throw_unknown(const char* function, const std::string& name);

  Arrays arrays_;
};

}  // namespace xtape
#pragma GCC visibility pop
