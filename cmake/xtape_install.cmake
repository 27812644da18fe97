include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/xtape)
install(TARGETS xtape EXPORT xtape-targets FILE_SET HEADERS)
install(EXPORT xtape-targets NAMESPACE xtape:: DESTINATION ${config_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/xtape-config.cmake.in
  ${PROJECT_BINARY_DIR}/xtape-config.cmake INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/xtape-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/xtape-config.cmake ${PROJECT_BINARY_DIR}/xtape-config-version.cmake
  ${CMAKE_CURRENT_LIST_DIR}/Findlibzip.cmake
  DESTINATION ${config_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
