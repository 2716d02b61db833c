#!/usr/bin/env bash
# LiteLLM proxy with a master key and no database, and models whose answers are made up by LiteLLM itself (mock_response of its documentation).
. "$(dirname "$0")/../lib/start.sh"
python_packages
cat > config.yaml <<CONF
model_list:
  - model_name: lab-chat
    litellm_params: { model: openai/lab-chat, api_key: lab-provider-key-0123456789, mock_response: "lab answer" }
litellm_settings: { telemetry: false }
general_settings: { master_key: ${LAB_MASTER_KEY:-sk-lab-master-key-0123456789abcdef} }
CONF
# nothing is fetched from outside: neither prices of models nor licences
export LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_LOCAL_POLICY_TEMPLATES=True LITELLM_LOCAL_BLOG_POSTS=True LITELLM_TELEMETRY=False NO_DOCS=False
exec venv/bin/litellm --config config.yaml --host 127.0.0.1 --port "$PORT"
