# What a shared xtape exports: what public headers declare, between "#pragma GCC visibility push(default)" and "pop".
# (An attribute of the namespace would do for neither compiler: GCC knows none for xtape::nn, and with Clang it does not
# hold for a definition elsewhere.) Everything else is hidden, in a static library too, where it then costs no
# indirection. GCC forgets the visibility of a function template that is declared in one place and defined in another,
# so the sources that define such have the same pragma around their namespace.
set_target_properties(xtape PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

# Takes back what others export, in a shared library that target is: see the file.
function(xtape_export_only_own target)
  if(XTAPE_LINKER_HAS_VERSION_SCRIPTS)
    target_link_options(${target} PRIVATE LINKER:--version-script=${xtape_exported_symbols})
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${xtape_exported_symbols})
  endif()
endfunction()

set(xtape_exported_symbols ${CMAKE_CURRENT_LIST_DIR}/exported_symbols.map)
include(CheckLinkerFlag)
check_linker_flag(CXX LINKER:--version-script=${xtape_exported_symbols} XTAPE_LINKER_HAS_VERSION_SCRIPTS)
if(BUILD_SHARED_LIBS)
  xtape_export_only_own(xtape)
endif()
