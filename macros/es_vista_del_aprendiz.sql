{# Whether a base model is one of the learner's views of a cell: its count; its deviations too, but of entry cells, which no
   flow feeds. The views are averaged. #}
{% macro es_vista_del_aprendiz(modelo, tipo) -%}
({{ modelo }} = 'aprendiz_conteo' or ({{ modelo }} in ('aprendiz_desvio', 'aprendiz_retencion') and {{ tipo }} <> 'inicial'))
{%- endmacro %}
