include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# What programs need to run, and what they need to be built.
set(run COMPONENT runtime)
set(build COMPONENT development)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/xtape)
install(TARGETS xtape EXPORT xtape-targets
  LIBRARY ${run} NAMELINK_COMPONENT development
  RUNTIME ${run}
  ARCHIVE ${build}
  FILE_SET HEADERS ${build})
install(EXPORT xtape-targets NAMESPACE xtape:: DESTINATION ${config_dir} ${build})
foreach(own_library mpi onnx)
  if(TARGET xtape_${own_library})
    install(TARGETS xtape_${own_library} EXPORT xtape-${own_library}-targets
      LIBRARY ${run} NAMELINK_COMPONENT development
      RUNTIME ${run}
      ARCHIVE ${build}
      FILE_SET HEADERS ${build})
    install(EXPORT xtape-${own_library}-targets NAMESPACE xtape:: DESTINATION ${config_dir} ${build})
  endif()
endforeach()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/xtape-config.cmake.in
  ${PROJECT_BINARY_DIR}/xtape-config.cmake INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/xtape-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/xtape-config.cmake ${PROJECT_BINARY_DIR}/xtape-config-version.cmake
  ${CMAKE_CURRENT_LIST_DIR}/Findlibzip.cmake
  DESTINATION ${config_dir} ${build})

include(xtape_pkgconfig)
install(FILES ${xtape_pc_files} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${build})

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT license)
