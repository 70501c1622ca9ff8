{# Whether a base model is one of the learner's views of a cell: its count; its deviation too, but of entry cells, which no
   flow feeds. The views are averaged. #}
{% macro es_vista_del_aprendiz(modelo, tipo) -%}
({{ modelo }} = 'aprendiz_conteo' or ({{ modelo }} = 'aprendiz_desvio' and {{ tipo }} <> 'inicial'))
{%- endmacro %}
