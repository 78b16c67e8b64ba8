# 党支部创建评选平台：安装、启动、检查。输入 make 查看全部命令。
# Everything runs from the project's own .venv; make setup creates it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
# 可在命令行改写，例如 make run PORT=8080 HOST=0.0.0.0，make test ARGS="-k score"
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
JOBS ?= 2
PG_URL ?= postgres://postgres@127.0.0.1:5432/branch_awards
PG_REDIS_URL ?= redis://127.0.0.1:6379/9
export HOST PORT STAGE

# 测试用单独的数据目录，不读取也不改动平台自己的数据
TEST_ENV = env -u DATABASE_URL -u REDIS_URL -u EMAIL_URL -u DEBUG DATA_DIR=$(CURDIR)/var/test

APPS := branches standards applications reviews
TYPED = $(wildcard $(addsuffix /states.py,$(APPS)) $(addsuffix /scoring.py,$(APPS)) $(addsuffix /ranking.py,$(APPS)) $(addsuffix /calculation.py,$(APPS)) $(addsuffix /soundness.py,$(APPS)) $(addsuffix /services.py,$(APPS)) $(addsuffix /services/*.py,$(APPS)) standards/workbooks/*.py) standards/wording.py standards/sheets.py standards/answers.py reviews/sheets.py

.PHONY: help setup setup-test run demo test test-pg test-browser bench lint fmt check clean

help: ## 显示本帮助
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: ## 安装运行所需的一切（可重复执行）
	@.ci/bootstrap

setup-test: ## 另装测试与检查工具（含 Chromium）
	@.ci/bootstrap --test

run: setup ## 启动平台：网页、后台任务、定时任务；首次自动载入演示数据
	@$(PY) .ci/prepare
	@$(PY) .ci/serve

demo: setup ## 重置为全新的演示数据；STAGE=… 指定停在哪个阶段
	@$(PY) .ci/prepare --reset

test: setup-test ## 全部测试（SQLite，含浏览器测试）
	@$(TEST_ENV) $(PY) -m pytest -n $(JOBS) --dist loadgroup -m "not services" $(ARGS)

test-pg: setup-test ## 同一套测试在 PostgreSQL 与 Redis 上运行，另加并发测试（不含浏览器测试）
	@$(PY) .ci/services "$(PG_URL)" "$(PG_REDIS_URL)"
	@$(TEST_ENV) DATABASE_URL="$(PG_URL)" REDIS_URL="$(PG_REDIS_URL)" \
		$(PY) -m pytest -n $(JOBS) --dist loadgroup -m "not browser and not demo" $(ARGS)

test-browser: setup-test ## 只运行浏览器测试
	@$(TEST_ENV) $(PY) -m pytest -m browser $(ARGS)

bench: setup ## 性能测量：页面、查询、PDF、导入
	@$(PY) manage.py bench $(ARGS)

lint: setup-test ## 代码、模板、类型、迁移检查
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m djlint templates --lint --quiet
	@$(TEST_ENV) $(PY) -m mypy $(TYPED)
	@$(TEST_ENV) $(PY) manage.py check
	@$(TEST_ENV) $(PY) manage.py makemigrations --check --dry-run

fmt: setup-test ## 自动整理代码格式
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format --quiet .

check: ## 全部检查，与持续集成完全相同
	@.ci/run

clean: ## 删除可重新生成的文件；数据库与上传的材料保留
	@rm -rf .venv static/vendor var/static var/test var/log var/run .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
